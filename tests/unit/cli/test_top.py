"""`top` without a node; adding up what several processes tell."""

from proxyfleet.cli import top as module
from proxyfleet.cli.top import added


def row(name, proxy_id=None, **values):
    plain = {"requests": 0, "tunnels": 0, "begun_rate": 0.0, "up_rate": 0.0, "down_rate": 0.0}
    return {"name": name, "proxy_id": proxy_id} | plain | values


def test_without_a_node_it_says_what_to_do(run):
    done = run("top", "--once")
    assert done.code == 3
    assert "proxyfleet serve" in done.err
    assert done.err.count("\n") == 1


def test_impossible_intervals(run):
    for arguments in (("--every", "0"), ("--rows", "0"), ("--rows", "999")):
        assert run("top", "--once", *arguments).code == 2


def test_processes_are_added_up_and_the_busiest_comes_first():
    totals = {"begun_rate": 2.0, "received_rate": 10.0, "sent_rate": 20.0, "connections": 1, "tunnels": 1}
    one = totals | {
        "proxies": [row("a:1", 1, begun_rate=2.0, requests=1), row("b:1", 2, begun_rate=1.0)],
        "targets": [row("x", begun_rate=2.0)],
        "users": [],
    }
    other = totals | {
        "proxies": [row("b:1", 2, begun_rate=5.0, up_rate=7.0, tunnels=2)],
        "targets": [row("y", down_rate=9.0), row("x", requests=3)],
        "users": [row("alice", requests=3)],
    }
    told = added([one, other])
    assert (told["processes"], told["begun_rate"], told["connections"]) == (2, 4.0, 2)
    assert [(each["name"], each["begun_rate"], each["up_rate"], each["tunnels"]) for each in told["proxies"]] == [
        ("b:1", 6.0, 7.0, 2),
        ("a:1", 2.0, 0.0, 0),
    ]
    assert [(each["name"], each["requests"]) for each in told["targets"]] == [("x", 3), ("y", 0)]
    assert [each["name"] for each in told["users"]] == ["alice"]
    assert added([])["processes"] == 0


def test_bytes_for_people():
    assert [module._bytes(rate) for rate in (0.0, 999.4, 1000.0, 1_500_000.0, 2e9)] == [
        "0 B",
        "999 B",
        "1 kB",
        "2 MB",
        "2.0 GB",
    ]
