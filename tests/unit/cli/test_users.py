"""`user add | list | remove`."""


def test_a_made_password_is_printed_once(run):
    done = run("user", "add", "alice")
    assert len(done.out.strip()) == 27
    assert "shown only now" in done.err
    assert run("user", "list").out == "alice\n"
    assert run("user", "add", "alice", "--json").json["replaced"] is True


def test_a_given_password_is_not_printed(run):
    done = run("user", "add", "bob", "--password-stdin", text="my canary\n")
    assert done.code == 0
    assert "canary" not in done.out + done.err
    assert run("user", "add", "bob", "--password-stdin", text="").code == 2
    assert run("user", "add", "bob", "--password-stdin", text="\n").code == 2


def test_removal(run):
    run("user", "add", "alice")
    assert run("user", "remove", "alice").code == 0
    assert run("user", "list", "--json").json == []
