"""Orders to a running lab from outside its process: a few JSON calls over HTTP on loopback.

| call | does |
|---|---|
| `GET /` | counts and addresses |
| `GET /lines` | proxy URLs with credentials, one per line, as an importer reads them |
| `GET /proxies`, `GET /proxies/NAME` | state and counters |
| `POST /proxies/NAME` | `{"dead": true, "latency": 0.5}`; NAME may be a pattern such as `http-*` |
| `GET /requests?limit=N`, `DELETE /requests` | what the targets saw, newest last; forget it |
| `GET /target`, `POST /target` | `{"down": "refuse" or "error" or "stall" or null, "name": ...}` |
| `GET /sources`, `POST /sources` | `{"pattern": "*geonode*", "fault": "html" or null, "times": 2, "retry_after": 1}`; null heals |

With a token every call needs `Authorization: Bearer TOKEN`.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import asdict
from functools import partial
from hmac import compare_digest
from typing import Protocol
from urllib.parse import parse_qs, unquote

from proxyfleet.tasks import Tasks

from .httpd import Conversation, Reply, Request, json_reply
from .listener import Admission, Listener
from .pages import Visit
from .proxy import LabProxy
from .source_site import SourceSite
from .target import MODES, Target

DEFAULT_LIMIT = 100


class Governed(Protocol):
    """The lab, as far as orders reach."""

    @property
    def proxies(self) -> list[LabProxy]: ...
    @property
    def targets(self) -> list[Target]: ...
    @property
    def sites(self) -> list[SourceSite]: ...
    def find(self, *patterns: str) -> list[LabProxy]: ...
    def lines(self) -> list[str]: ...


class Control:
    """Listens from the start; port 0 takes a free one."""

    def __init__(self, lab: Governed, tasks: Tasks, port: int = 0, token: str | None = None) -> None:
        self._lab, self._token = lab, token
        self._listener = Listener("127.0.0.1", port, self._admit, tasks)

    @property
    def url(self) -> str:
        """Without a slash at the end."""
        return f"http://{self._listener.host}:{self._listener.port}"

    def close(self) -> None:
        self._listener.close()

    def _admit(self) -> Admission:
        return Admission(partial(Conversation, self._handle, self._listener.live))

    def _handle(self, _: Conversation, request: Request) -> Reply:
        shown = request.head.get("authorization") or ""
        if self._token is not None and not compare_digest(shown.encode(), f"Bearer {self._token}".encode()):
            return json_reply({"error": "give the token: Authorization: Bearer TOKEN"}, 401)
        path, _query, query = request.head.target.partition("?")
        noun, _slash, name = path.removeprefix("/").partition("/")
        call = CALLS.get((request.head.method, noun))
        if call is None:
            return json_reply({"error": f"no {request.head.method} {path} here"}, 404)
        try:
            return call(self._lab, unquote(name), _order(request.body, query))
        except ValueError as error:
            return json_reply({"error": str(error)}, 400)


Order = dict[str, object]
Call = Callable[[Governed, str, Order], Reply]


def _order(body: bytes, query: str) -> Order:
    order: object = json.loads(body) if body.strip() else {}
    if not isinstance(order, dict):
        raise ValueError("the body must be a JSON object")
    return {**{name: values[0] for name, values in parse_qs(query).items()}, **order}


def _overview(lab: Governed, _: str, __: Order) -> Reply:
    open_now = sum(len(proxy.live) for proxy in lab.proxies)
    targets = [target.status() for target in lab.targets]
    return json_reply({"proxies": len(lab.proxies), "open": open_now, "targets": targets})


def _lines(lab: Governed, _: str, __: Order) -> Reply:
    return Reply(body="".join(f"{line}\n" for line in lab.lines()).encode(), kind="text/plain; charset=utf-8")


def _named(lab: Governed, pattern: str) -> Iterable[LabProxy]:
    found = lab.find(pattern) if pattern else lab.proxies
    if not found:
        raise ValueError(f"no proxy is called {pattern}; GET /proxies lists them")
    return found


def _proxies(lab: Governed, name: str, _: Order) -> Reply:
    found = [proxy.status() for proxy in _named(lab, name)]
    return json_reply(found[0] if name and len(found) == 1 else found)


def _behave(lab: Governed, name: str, order: Order) -> Reply:
    if not name:
        raise ValueError("say which: POST /proxies/NAME, or a pattern such as /proxies/http-*")
    for proxy in _named(lab, name):
        proxy.behave(**order)
    return _proxies(lab, name, order)


def _requests(lab: Governed, _: str, order: Order) -> Reply:
    limit = int(str(order.get("limit", DEFAULT_LIMIT)))
    seen: list[Visit] = [visit for target in lab.targets for visit in target.requests]
    return json_reply([asdict(visit) for visit in seen[len(seen) - min(limit, len(seen)) :]])


def _forget(lab: Governed, _: str, __: Order) -> Reply:
    for target in lab.targets:
        target.requests.clear()
    return json_reply([])


def _targets(lab: Governed, _: str, __: Order) -> Reply:
    return json_reply([target.status() for target in lab.targets])


def _steer(lab: Governed, _: str, order: Order) -> Reply:
    chosen = [target for target in lab.targets if target.name == order.get("name", target.name)]
    if not chosen or "down" not in order:
        raise ValueError('say how, and of which target: {"down": "refuse", "name": "target"}')
    mode = next((mode for mode in MODES if mode == order["down"]), None)
    if mode is None and order["down"] is not None:
        raise ValueError(f"down is one of {', '.join(MODES)}, or null")
    for target in chosen:
        target.come_up() if mode is None else target.go_down(mode)
    return _targets(lab, "", order)


def _sources(lab: Governed, _: str, __: Order) -> Reply:
    return json_reply([{"url": site.url, "requests": list(site.requests)[-DEFAULT_LIMIT:]} for site in lab.sites])


def _spoil(lab: Governed, _: str, order: Order) -> Reply:
    if "fault" not in order or not lab.sites:
        raise ValueError('say what is wrong, and start stand-ins first: {"pattern": "*geonode*", "fault": "html"}')
    times = None if order.get("times") is None else int(str(order["times"]))
    for site in lab.sites:
        if order["fault"] is None:
            site.heal()
        else:
            pattern = str(order.get("pattern", "*"))
            site.fault(pattern, str(order["fault"]), times=times, retry_after=order.get("retry_after"))
    return _sources(lab, "", order)


CALLS: dict[tuple[str, str], Call] = {
    ("GET", ""): _overview,
    ("GET", "lines"): _lines,
    ("GET", "proxies"): _proxies,
    ("POST", "proxies"): _behave,
    ("GET", "requests"): _requests,
    ("DELETE", "requests"): _forget,
    ("GET", "target"): _targets,
    ("POST", "target"): _steer,
    ("GET", "sources"): _sources,
    ("POST", "sources"): _spoil,
}
