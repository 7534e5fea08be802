"""`set`, `enable`, `disable`, `remove`."""


def field(fleet, name, selector=""):
    return [row[name] for row in fleet("list", selector, "--json").json]


def test_set(fleet):
    done = fleet("set", "scheme=http", "country=DE", "tags+=a", "--json")
    assert done.json == {"changed": 2}
    assert field(fleet, "country", "tag=a") == ["DE", "DE"]
    assert fleet("set", "id=1", "country=").code == 0
    assert field(fleet, "country", "id=1") == [None]


def test_disable_and_enable(fleet):
    assert fleet("disable", "all", "--json").json == {"disabled": 3}
    assert fleet("pick").code == 1
    assert fleet("enable", "id=1", "--json").json == {"enabled": 1}
    assert fleet("enable", "id=1").code == 1
    assert fleet("pick", "--json").json["picked"][0]["id"] == 1


def test_remove_asks(fleet):
    assert fleet("remove", "id=1").code == 2
    assert fleet("remove", "id=1", "--yes", "--json").json == {"removed": 1}
    assert field(fleet, "id") == [2, 3]
    assert fleet("remove", "id=1", "--yes").code == 1


def test_an_edit_that_would_be_impossible_changes_nothing(fleet):
    assert fleet("set", "all", "capacity=0").code == 2
    assert fleet("set", "all", "host=9.9.9.9", "port=1", "username=", "scheme=http").code == 1
    assert field(fleet, "port") == [80, 81, 1080]
