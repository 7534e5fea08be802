"""`reserve`, `take`, `give-back`, `exchange`, `assignments`."""


def test_reserve_then_take(fleet):
    told = fleet("reserve", "site", "1", "2", "99", "--label", "ann", "--json").json
    assert [one["proxy_id"] for one in told["leases"]] == [1, 2]
    assert told["missing"] == 1
    assert fleet("take", "site", "1", "--label", "bob").code == 1
    assert fleet("take", "site", "1", "--label", "ann").out == "1  http://1.1.1.1:80\n"
    assert fleet("release", "--label", "ann", "--reservations", "--json").json["released"] == ["2x0.1"]


def test_take_tells_taken_and_failed(fleet):
    fleet("take", "site", "2", "--label", "ann")
    done = fleet("take", "site", "1", "2", "7", "--label", "bob")
    assert done.out == "1  http://1.1.1.1:80\n"
    assert "2: the proxy is held for this resource by local/ann; " in done.err
    assert "7: there is no such proxy" in done.err


def test_take_some_that_nobody_holds(fleet):
    assert len(fleet("take", "site", "--count", "2", "--json").json["taken"]) == 2
    assert len(fleet("take", "site", "--count", "5", "--label", "x", "--json").json["taken"]) == 1
    none = fleet("take", "site", "--label", "y")
    assert (none.code, "no proxy fits" in none.err) == (1, True)


def test_give_back_and_exchange(fleet):
    fleet("take", "site", "1", "2", "--label", "ann")
    assert fleet("give-back", "site", "1", "--label", "bob").code == 1
    assert fleet("give-back", "site", "1", "--force", "--reuse-after", "60").code == 0
    cooling = fleet("take", "site", "1", "--label", "ann")
    assert (cooling.code, "a short time ago" in cooling.err) == (1, True)
    assert fleet("exchange", "site", "2", "--label", "ann").out.startswith("3  ")
    rows = fleet("assignments", "site", "--json").json
    assert [(row["proxy_id"], row["label"]) for row in rows] == [(3, "ann")]
    assert "1 assignments" in fleet("assignments", "--label", "ann").err
    assert fleet("assignments", " ").code == 2
