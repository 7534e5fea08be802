"""`pick`."""


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
