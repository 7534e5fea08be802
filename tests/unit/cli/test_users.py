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


def test_what_a_user_may_do(run):
    run("user", "add", "alice", "--concurrency", "5", "--client", "10.0.0.0/8", "--client", "192.0.2.0/24")
    assert run("user", "list").out == "alice  clients 10.0.0.0/8 192.0.2.0/24, concurrency 5\n"
    done = run("user", "set", "alice", "--selector", "tag=a", "--rate", "2.5", "--bytes-per-minute", "1000", "--json")
    assert done.json == {
        "name": "alice",
        "selector": "tag=a",
        "clients": ["10.0.0.0/8", "192.0.2.0/24"],
        "concurrency": 5,
        "rate": 2.5,
        "bytes_per_minute": 1000,
    }
    run("user", "set", "alice", "--client", "any", "--selector", "", "--rate", "0", "--concurrency", "0")
    assert run("user", "list").out == "alice  bytes per minute 1000\n"
    assert "hash" not in run("user", "list", "--json").out


def test_impossible_rules_are_one_clear_line(run):
    run("user", "add", "alice")
    for option, value in (("--selector", "nonsense"), ("--client", "10.0.0.1/8"), ("--rate", "-1")):
        done = run("user", "set", "alice", option, value)
        assert done.code not in (0, None)
        assert done.err.count("\n") == 1
    assert run("user", "set", "nobody", "--rate", "1").code not in (0, None)
