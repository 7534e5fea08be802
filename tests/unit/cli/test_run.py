"""`run`."""


def test_copies_with_a_proxy_each(fleet):
    done = fleet("run", "--size", "4", "--", "sh", "-c", "echo $HTTP_PROXY")
    assert done.code == 0
    assert "4 of 4 copies are done" in done.err
    assert fleet("leases", "--json").json == []


def test_a_failing_command_ends_the_session(fleet):
    done = fleet("run", "--size", "2", "--", "sh", "-c", "exit 3")
    assert done.code == 1
    assert "failed to start on 3 different proxies: sh ended with exit code 3" in done.err
    assert "Traceback" not in done.err


def test_one_that_fails_later_is_counted(fleet):
    done = fleet("run", "--size", "2", "--grace", "0", "--json", "--", "sh", "-c", "exit 3")
    assert done.code == 1
    assert '"failed": ["sh ended with exit code 3", "sh ended with exit code 3"]' in done.out


def test_what_cannot_be_run(fleet):
    assert "there is no command 'nosuch'" in fleet("run", "--", "nosuch").err
    assert fleet("run", "--via", "air", "--", "sh").code == 2
    assert "no proxy satisfies" in fleet("run", "--selector", "country=XX", "--", "true").err
    assert fleet("run", "--selector", "country=XX", "--allow-direct", "--", "true").code == 0
