"""`adopt` as a process: databases in the shape of both founding systems are taken over whole."""

import json

import pytest
from cryptography.fernet import Fernet
from tests.acceptance.program import connected, passwords, refused

STORE = ("--store", "sqlite:///fleet.db")
FERNET = Fernet.generate_key().decode()


def token(text):
    return Fernet(FERNET).encrypt(text.encode()).decode()


def pool(path, *, reputation):
    """The first founding system: `proxy_pool`, with or without the columns of a later version of it."""
    more = ", reputation_score REAL, success_count INTEGER, failure_count INTEGER" if reputation else ""
    with connected(path) as connection:
        connection.execute(
            "CREATE TABLE proxy_pool (id INTEGER PRIMARY KEY, host TEXT NOT NULL, port INTEGER NOT NULL, username TEXT, "
            f"password TEXT, protocol TEXT, country TEXT, is_active INTEGER DEFAULT 1, response_time_avg REAL{more})"
        )
        rows = [
            (1, "203.0.113.1", 8080, "anna", "plain-secret", "http", "de", 1, 812.5),
            (2, "203.0.113.2", 1080, "ben", token("fernet-secret"), "socks5", "US", 0, None),
            (3, "203.0.113.3", 3128, None, None, None, None, 1, 0),
            (4, "203.0.113.1", 8080, "anna", "plain-secret", "http", "de", 1, 1),
            (5, "203.0.113.5", 99999, "x", "canary-of-bad-row", "http", "de", 1, 1),
        ]
        for row in rows:
            cells = row + ((0.97, 12, 3) if reputation else ())
            connection.execute(f"INSERT INTO proxy_pool VALUES ({', '.join('?' * len(cells))})", cells)


def viewers(path):
    """The second founding system: `proxies`."""
    with connected(path) as connection:
        connection.execute(
            "CREATE TABLE proxies (id INTEGER PRIMARY KEY AUTOINCREMENT, ip TEXT, port INTEGER, username TEXT, "
            "password TEXT, protocol TEXT, max_viewers_per_proxy INTEGER, current_viewers INTEGER, notes TEXT)"
        )
        connection.execute("INSERT INTO proxies VALUES (1, '198.51.100.7', 1080, 'carl', 12345, 'SOCKS5', 3, 2, 'hi')")
        connection.execute("INSERT INTO proxies VALUES (2, '198.51.100.8', 80, NULL, NULL, 'http', 0, 0, NULL)")


@pytest.mark.parametrize("reputation", [False, True])
@pytest.mark.parametrize("key", ["environment", "beside", "named"])
def test_a_proxy_pool_is_taken_over_whole(program, reputation, key):
    (program.home / "old").mkdir()
    pool(program.home / "old" / "pool.db", reputation=reputation)
    environment = {"ENCRYPTION_KEY": FERNET} if key == "environment" else {}
    named = ()
    if key == "beside":
        (program.home / "old" / ".encryption_key").write_text(FERNET + "\n")
    if key == "named":
        (program.home / "their.key").write_text(FERNET)
        named = ("--fernet-key", "their.key")
    adopt = ("adopt", "old/pool.db", *named, "--json", *STORE)
    dry = json.loads(program.run(*adopt, "--dry-run", **environment).stdout)
    assert not (program.home / "fleet.db").exists(), "a dry run makes no database"
    done = program.run(*adopt, **environment)
    told = json.loads(done.stdout)
    assert {**dry, "dry_run": False} == told
    assert {name: told[name] for name in ("read", "added", "duplicate", "rejected")} == {
        "read": 5, "added": 3, "duplicate": 1, "rejected": {"bad_port": 1},
    }  # fmt: skip
    assert [(line["source"], line["line"], line["verdict"]) for line in told["lines"]] == [
        ("proxy_pool", 4, "duplicate"), ("proxy_pool", 5, "rejected"),
    ]  # fmt: skip
    assert passwords(program) == {"203.0.113.1": "plain-secret", "203.0.113.2": "fernet-secret", "203.0.113.3": None}
    rows = {row["host"]: row for row in program.json("list", *STORE)}
    assert (rows["203.0.113.1"]["country"], rows["203.0.113.2"]["status"]) == ("DE", "disabled")
    assert rows["203.0.113.2"]["scheme"] == "socks5"
    again = json.loads(program.run(*adopt, **environment).stdout)
    assert (again["added"], again["updated"], again["duplicate"]) == (0, 0, 4)
    everything = (
        done.stdout
        + done.stderr
        + b"".join(file.read_bytes() for file in program.home.glob("fleet.db*")).decode("latin-1")
    )
    assert not [
        secret for secret in ("plain-secret", "fernet-secret", "canary-of-bad-row", FERNET) if secret in everything
    ]


def test_viewers_become_capacity(program):
    viewers(program.home / "viewers.db")
    assert program.json("adopt", "viewers.db", *STORE)["added"] == 2
    rows = {row["host"]: row for row in program.json("list", *STORE)}
    assert (rows["198.51.100.7"]["capacity"], rows["198.51.100.7"]["notes"]) == (3, "hi")
    assert rows["198.51.100.8"]["capacity"] == 5
    assert passwords(program)["198.51.100.7"] == "12345"
    done = program.run("adopt", "viewers.db", *STORE)
    assert done.returncode == 0
    assert "duplicate" in done.stdout


def test_encrypted_passwords_need_their_key(program):
    pool(program.home / "pool.db", reputation=False)
    refused(program.run("adopt", "pool.db", *STORE), "ENCRYPTION_KEY", ".encryption_key")
    other = Fernet.generate_key().decode()
    told = json.loads(program.run("adopt", "pool.db", "--json", *STORE, ENCRYPTION_KEY=other).stdout)
    assert told["rejected"] == {"bad_port": 1, "unreadable_password": 1}


def test_a_database_of_our_own_is_not_adopted(program):
    assert program.json("import", "-", *STORE, text="http://1.1.1.1:80")["added"] == 1
    refused(program.run("adopt", "fleet.db", "--store", "sqlite:///other.db"), "founding system")
