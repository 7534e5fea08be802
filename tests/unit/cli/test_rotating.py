"""`rotate`: a result for every proxy, and an exit code for scripts."""


def test_what_cannot_be_rotated_says_so(fleet):
    done = fleet("rotate", "1", "--json")
    assert done.json == [{"id": 1, "address": "http://1.1.1.1:80", "result": "no_url", "why": None}]
    assert fleet("set", "id=1", "refresh_url=http://127.0.0.1:9/canary").code == 0
    done = fleet("rotate", "id=1")
    assert done.code == 1
    assert "checks.rotate_private" in done.out
    assert "canary" not in done.out + done.err
    assert "too_soon" in fleet("rotate", "1").out
    assert fleet("rotate", "id=99").code == 1
