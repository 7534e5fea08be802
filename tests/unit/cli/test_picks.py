"""`pick`."""

from proxyfleet.cli.picks import _word


def test_a_pick_is_a_line(fleet):
    done = fleet("pick", "--selector", "id=2")
    assert (done.code, done.out) == (0, "http://8.8.8.8:81\n")


def test_every_strategy_and_target(fleet):
    for strategy in ("round_robin", "lru", "two_choices", "sticky"):
        assert fleet("pick", "--strategy", strategy, "--target", "example.com", "--json").json["picked"]


def test_explanations(fleet):
    assert fleet("disable", "id=3").code == 0
    told = fleet("pick", "--explain", "--selector", "scheme=http,socks5", "--json").json
    assert (told["eligible"], told["total"]) == (2, 3)
    assert [one["code"] for one in told["proxies"] if one["id"] == 3] == ["disabled"]
    done = fleet("pick", "--explain", "--selector", "id=3")
    assert (done.code, "was switched off" in done.out) == (1, True)
    assert "0 of 3 proxies are eligible" in done.err


def test_a_target_may_be_a_url_and_is_refused_when_it_is_nothing(fleet):
    assert fleet("pick", "--target", "https://example.com/login").code == 0
    done = fleet("pick", "--target", "https://")
    assert done.code == 2
    assert "error: target 'https://' names no host; write example.com or https://example.com/\n" in done.err


def test_last_resorts_are_shown(run):
    assert run("add", "1.1.1.1:80", "--capacity", "1").code == 0
    rows = [{"eligible": False, "last_resort": True}, {"eligible": True, "last_resort": False}]
    assert [_word(row) for row in rows] == ["last resort", True]
    assert run("pick", "--explain", "--json").json["last_resort"] == 0
