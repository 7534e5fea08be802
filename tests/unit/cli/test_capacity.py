"""`capacity`."""


def test_current_and_free_slots(fleet):
    fleet("lease", "--selector", "id=1")
    told = fleet("capacity", "--json").json
    assert (told["current"], told["total_capacity"], told["available_capacity"]) == (1, 15, 14)
    assert told["proxies"][0] == {"id": 1, "address": "http://1.1.1.1:80", "current": 1, "capacity": 5, "free": 4}


def test_a_changed_capacity_counts_at_once_and_breaks_nothing(fleet):
    fleet("lease", "--selector", "id=1")
    fleet("lease", "--selector", "id=1")
    told = fleet("capacity", "id=1", "--set", "1", "--json").json
    assert (told["proxies"][0]["current"], told["proxies"][0]["free"]) == (2, 0)
    assert fleet("lease", "--selector", "id=1").code == 1
    assert "current 2 of 11, 10 free" in fleet("capacity", "all").err


def test_nobody_and_nonsense(fleet):
    assert fleet("capacity", "id=77").code == 1
    assert fleet("capacity", "id=1", "--set", "0").code == 2
