"""`stats`."""


def test_figures(fleet):
    told = fleet("stats", "--json").json["fleet"]
    assert (told["total_proxies"], told["available"], told["strategy"]) == (3, 3, "weighted_random")
    assert fleet("take", "shop", "1").code == 0
    told = fleet("stats", "--json").json["fleet"]
    assert (told["assignments"], told["leases"], told["pending_reservations"]) == (1, 0, 0)
    text = fleet("stats").out
    assert text.startswith("Fleet\n")
    assert "pending 3" in text
    assert "p50 -" in text
