"""`stats`."""


def test_figures(fleet):
    told = fleet("stats", "--json").json["fleet"]
    assert (told["total_proxies"], told["available"], told["strategy"]) == (3, 3, "weighted_random")
    text = fleet("stats").out
    assert text.startswith("Fleet\n")
    assert "pending 3" in text
    assert "p50 -" in text
