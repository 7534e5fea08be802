"""Orders from outside the process."""

import json

import pytest

from proxyfleet.lab import Lab
from proxyfleet.lab import control as module

from .conftest import Talk


async def call(
    lab: Lab, talk: Talk, method: str, path: str, order: object = None, token: str = ""
) -> tuple[int, object]:
    body = b"" if order is None else json.dumps(order).encode()
    head = f"{method} {path} HTTP/1.1\r\nConnection: close\r\nContent-Length: {len(body)}\r\n"
    head += f"Authorization: Bearer {token}\r\n" if token else ""
    port = int(lab.control().url.rpartition(":")[2])
    answer = await talk(port, head.encode() + b"\r\n" + body)
    top, _, content = answer.partition(b"\r\n\r\n")
    return int(top.split()[1]), json.loads(content) if b"application/json" in top else content.decode()


async def test_a_look_around(lab: Lab, talk: Talk) -> None:
    lab["http-1"].behave(username="lab", password="pw")
    status, overview = await call(lab, talk, "GET", "/")
    assert (status, overview["proxies"], overview["targets"][0]["name"]) == (200, 6, "target")
    _, lines = await call(lab, talk, "GET", "/lines")
    assert lines.splitlines() == lab.lines()
    _, proxies = await call(lab, talk, "GET", "/proxies")
    assert [proxy["name"] for proxy in proxies] == [proxy.name for proxy in lab.proxies]
    _, one = await call(lab, talk, "GET", "/proxies/http-1")
    assert one["behaviour"]["username"] == "lab"
    assert "pw" not in json.dumps(proxies)


async def test_orders_to_one_and_to_many(lab: Lab, talk: Talk) -> None:
    status, answer = await call(lab, talk, "POST", "/proxies/http-1", {"dead": True, "latency": 0.5})
    assert (status, answer["behaviour"]["latency"], answer["behaviour"]["dead"]) == (200, 0.5, True)
    assert (lab["http-1"].behaviour.dead, lab["http-2"].behaviour.dead) == (True, False)
    await call(lab, talk, "POST", "/proxies/socks%2A", {"reset": True})
    assert [proxy.name for proxy in lab.proxies if proxy.behaviour.reset] == ["socks4-1", "socks5-1"]


async def test_requests_are_shown_and_forgotten(lab: Lab, talk: Talk) -> None:
    for size in range(3):
        await talk(lab.target.port, f"GET /bytes/{size} HTTP/1.1\r\nConnection: close\r\n\r\n".encode())
    _, seen = await call(lab, talk, "GET", "/requests?limit=2")
    assert [visit["path"] for visit in seen] == ["/bytes/1", "/bytes/2"]
    assert len((await call(lab, talk, "GET", "/requests"))[1]) == 3
    await call(lab, talk, "DELETE", "/requests")
    assert not lab.target.requests


async def test_targets_go_down_and_up(lab: Lab, talk: Talk) -> None:
    other = lab.add_target("other", "other.lab")
    await call(lab, talk, "POST", "/target", {"down": "stall"})
    assert (lab.target.down, other.down) == ("stall", "stall")
    await call(lab, talk, "POST", "/target", {"down": None, "name": "other"})
    assert (lab.target.down, other.down) == ("stall", None)
    _, states = await call(lab, talk, "GET", "/target")
    assert [state["down"] for state in states] == ["stall", None]


@pytest.mark.parametrize(
    ("method", "path", "order", "status", "words"),
    [
        ("GET", "/nowhere", None, 404, "no GET /nowhere"),
        ("POST", "/proxies/http-9", {"dead": True}, 400, "no proxy is called http-9"),
        ("POST", "/proxies/http-1", {"daed": True}, 400, "unknown behaviour 'daed'"),
        ("POST", "/proxies/http-1", [1], 400, "must be a JSON object"),
        ("POST", "/proxies", {"dead": True}, 400, "say which"),
        ("POST", "/target", {}, 400, "say how"),
        ("POST", "/target", {"down": "x"}, 400, "refuse, error, stall"),
        ("POST", "/target", {"down": None, "name": "x"}, 400, "of which target"),
        ("GET", "/requests?limit=x", None, 400, "invalid literal"),
    ],
)
async def test_mistakes_are_explained(
    lab: Lab, talk: Talk, method: str, path: str, order: object, status: int, words: str
) -> None:
    got, answer = await call(lab, talk, method, path, order)
    assert got == status
    assert words in answer["error"]


async def test_a_token_locks_everything(lab: Lab, talk: Talk) -> None:
    lab.control(token="key")
    assert (await call(lab, talk, "GET", "/lines"))[0] == 401
    assert (await call(lab, talk, "GET", "/lines", token="kay"))[0] == 401
    assert (await call(lab, talk, "GET", "/lines", token="key"))[0] == 200


def test_every_call_is_in_the_table_of_the_module() -> None:
    assert all(f"`{method} /{noun}" in (module.__doc__ or "") for method, noun in module.CALLS)


async def test_stand_ins_are_spoiled_and_healed(lab: Lab, talk: Talk) -> None:
    assert (await call(lab, talk, "POST", "/sources", {"fault": "html"}))[0] == 400, "there are none"
    site = lab.add_sources()
    order = {"pattern": "spys.me/*", "fault": "429", "times": 2, "retry_after": 1}
    status, told = await call(lab, talk, "POST", "/sources", order)
    assert (status, told) == (200, [{"url": site.url, "requests": []}])
    assert (site._faults[0].kind, site._faults[0].left, site._faults[0].retry_after) == ("429", 2, "1")
    assert (await call(lab, talk, "POST", "/sources", {"fault": "odd"}))[0] == 400
    await call(lab, talk, "POST", "/sources", {"fault": None})
    assert site._faults == []
    assert (await call(lab, talk, "GET", "/sources"))[1][0]["url"] == site.url
