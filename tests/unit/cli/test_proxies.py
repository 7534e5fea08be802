"""`list` and `show`."""


def test_list_filters_limits_and_counts(fleet):
    assert [row["port"] for row in fleet("list", "port>=81", "--json").json] == [81, 1080]
    done = fleet("list", "--limit", "1")
    assert len(done.out.splitlines()) == 2
    assert "3 proxies, 2 not shown" in done.err


def test_show_has_record_and_health(fleet):
    told = fleet("show", "1", "--json").json
    assert (told["username"], told["has_password"], told["health"]["circuit"]) == ("bob", True, "closed")
    text = fleet("show", "1").out
    assert "username" in text
    assert "reputation" in text
    assert "latency" not in text


def test_long_lists_are_quick(run):
    lines = "".join(f"1.1.{n // 250}.{n % 250 + 1}:80\n" for n in range(2000))
    assert run("import", "-", "--quiet", text=lines).code == 0
    assert len(run("list").out.splitlines()) == 2001
