"""`key generate | rotate | status`."""

import stat


def test_status_tells_source_name_and_counts_and_no_key(fleet, home):
    told = fleet("key", "status", "--json").json
    file = home / ".config" / "proxyfleet" / "key"
    assert told["source"] == f"the key file {file}"
    assert [(key["state"], key["values"]) for key in told["data_keys"]] == [("primary", 1)]
    done = fleet("key", "status")
    assert told["key"] in done.out
    assert file.read_text().strip() not in done.out + done.err


def test_generate_makes_what_a_first_start_would_make(run, home):
    done = run("key", "generate")
    file = home / ".config" / "proxyfleet" / "key"
    assert (done.code, done.out) == (0, f"{file}\n")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert file.read_text() not in done.out + done.err
    assert run("key", "generate").code == 3
    assert run("add", "1.1.1.1:80").code == 0
    assert run("key", "status", "--json").json["key"] in done.err


def test_generate_prints_another_key_each_time(run, home):
    first, second = run("key", "generate", "--print").out, run("key", "generate", "--print", "--json").json["key"]
    assert len(first.strip()) == len(second) == 44
    assert first.strip() != second
    assert not list(home.rglob("key*"))


def test_generate_refuses_what_cannot_be_meant(fleet, home, monkeypatch):
    assert "leave one of the two out" in fleet("key", "generate", "a", "--print").err
    assert "lies beside the database" in fleet("key", "generate", "a").err
    file = home / ".config" / "proxyfleet" / "key"
    file.unlink()
    assert "would not open it" in fleet("key", "generate").err
    monkeypatch.setenv("PROXYFLEET_KEY", "00" * 32)
    assert "PROXYFLEET_KEY is set and counts" in fleet("key", "generate").err
    assert not file.exists()


def test_rotate_moves_every_secret_to_a_new_key(fleet):
    assert fleet("key", "rotate", "--json").json == {"reencrypted": 1}
    told = fleet("key", "status", "--json").json["data_keys"]
    assert sorted((key["state"], key["values"]) for key in told) == [("primary", 1), ("retired", 0)]
    assert "s3cret-canary" in fleet("export", "--with-passwords").out


def test_rotate_to_another_own_key(fleet, home):
    name = fleet("key", "generate", "keys/new", "--json").json["key"]
    done = fleet("key", "rotate", "--to", "keys/new")
    assert (done.code, done.out) == (0, f"locked with key {name} from now on\n")
    assert "PROXYFLEET_KEY_FILE" in done.err
    assert fleet("list").code == 3
    (home / "keys" / "new").replace(home / ".config" / "proxyfleet" / "key")
    assert "s3cret-canary" in fleet("export", "--with-passwords").out
    assert "key generate" in fleet("key", "rotate", "--to", "keys/none").err


def test_memory_has_no_keys(run):
    for arguments in (("key", "status"), ("key", "rotate")):
        assert run(*arguments, "--store", "memory:").code == 2
