"""`adopt`."""

import apsw
import pytest
from cryptography.fernet import Fernet

KEY = Fernet.generate_key().decode()


@pytest.fixture
def old(home, monkeypatch):
    monkeypatch.delenv("ENCRYPTION_KEY", raising=False)
    connection = apsw.Connection(str(home / "old.db"))
    connection.execute("CREATE TABLE proxy_pool (host TEXT, port, username TEXT, password TEXT)")
    token = Fernet(KEY.encode()).encrypt(b"s3cret-canary").decode()
    connection.execute("INSERT INTO proxy_pool VALUES ('1.1.1.1', 80, 'u', ?), ('1.1.1.2', 'x', NULL, NULL)", (token,))
    connection.close()
    return home / "old.db"


@pytest.mark.parametrize("where", ["environment", "file", "beside"])
def test_the_key_comes_from_where_it_is_named(run, old, home, monkeypatch, where):
    if where == "environment":
        monkeypatch.setenv("ENCRYPTION_KEY", KEY)
    else:
        (home / ".encryption_key" if where == "beside" else home / "key").write_text(KEY + "\n")
    told = run("adopt", "old.db", "--json", *(("--fernet-key", "key") if where == "file" else ())).json
    assert (told["read"], told["added"], told["rejected"]) == (2, 1, {"bad_port": 1})
    assert run("export", "--with-passwords").out == "http://u:s3cret-canary@1.1.1.1:80\n"


def test_without_the_key_nothing_is_taken(run, old, home):
    done = run("adopt", "old.db")
    assert done.code == 3
    assert "ENCRYPTION_KEY" in done.err
    assert run("list", "--json").json == []
    assert run("adopt", "old.db", "--fernet-key", "none").code == 2


def test_a_dry_run_writes_nothing(run, old, monkeypatch):
    monkeypatch.setenv("ENCRYPTION_KEY", KEY)
    assert "dry run: nothing was written" in run("adopt", "old.db", "--dry-run").out
    assert run("list", "--json").code == 3
