"""`config show`."""


def test_values_and_where_they_come_from(run, monkeypatch):
    monkeypatch.setenv("PROXYFLEET_RULES_GUARD", "0.25")
    monkeypatch.setenv("PROXYFLEET_ODD", "1")
    done = run("config", "show")
    assert [line.split() for line in done.out.splitlines() if "rules.guard" in line] == [
        ["rules.guard", "0.25", "PROXYFLEET_RULES_GUARD"]
    ]
    assert "PROXYFLEET_ODD is no setting" in done.err
