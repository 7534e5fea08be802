"""Which quota a call counts against; bodies are not shown."""

from proxyfleet.stores.sheets.calls import Call, Lost


def test_kinds():
    assert Call("GET", "/x", "reading").kind == "read"
    assert Call("POST", "/x", "writing").kind == "write"
    assert "canary" not in repr(Call("POST", "/x", "writing", (), {"password": "canary"}))
    assert Lost("gone", sent=True).sent
