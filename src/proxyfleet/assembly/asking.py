"""Asks a running node the questions of `services.questions`, over its control port. Blocking calls, off the loop."""

import asyncio
import http.client
import json
from pathlib import Path
from typing import Final, cast
from urllib.parse import urlencode, urlsplit

from proxyfleet.core.errors import FleetError
from proxyfleet.services.read_models import Shown

from .runtime import NodeAddress, NodeFileError, read_node_file

PATIENCE: Final = 30.0


class NodeUnreachable(FleetError):
    """No node answers at that address, or it is not the one that the token belongs to."""

    code = "node_unreachable"


class NodeRefused(FleetError):
    """The node has read the question and cannot answer it; the text is the node's own."""

    code = "node_refused"


class NodeClient:
    """The same methods as `Questions`, answered by the node."""

    def __init__(self, address: NodeAddress) -> None:
        self.address = address

    async def lives(self) -> bool:
        """Whether the node answers and knows the token."""
        try:
            await self._get("/fleet/node")
        except NodeUnreachable:
            return False
        return True

    async def report(self) -> Shown:
        """The whole fleet in numbers, with gateway and process."""
        return cast(Shown, await self._get("/fleet/report"))

    async def flows(self) -> Shown:
        """What flows right now through this process."""
        return cast(Shown, await self._get("/fleet/flows"))

    async def health(self, selector: str = "") -> list[Shown]:
        """Every proxy that the selector names."""
        return cast(list[Shown], await self._get("/fleet/health", selector=selector))

    async def explain(self, selector: str = "", target: str | None = None) -> list[Shown]:
        """Why each proxy may or may not be picked now."""
        return cast(list[Shown], await self._get("/fleet/explain", selector=selector, target=target))

    async def pick(
        self,
        selector: str = "",
        *,
        strategy: str | None = None,
        count: int = 1,
        target: str | None = None,
        passwords: bool = False,
    ) -> Shown:
        """Up to `count` different proxies."""
        asked = {"selector": selector, "strategy": strategy, "count": str(count), "target": target}
        return cast(Shown, await self._get("/fleet/pick", passwords="1" if passwords else None, **asked))

    async def order(
        self, verb: str, selector: str = "", *, target: str | None = None, seconds: float | None = None
    ) -> Shown:
        """Do what an operator orders to every proxy that the selector names; how many."""
        asked = {
            "verb": verb,
            "selector": selector,
            "target": target,
            "seconds": None if seconds is None else str(seconds),
        }
        return cast(Shown, await self._send("POST", "/fleet/order", **asked))

    async def _get(self, path: str, **query: str | None) -> object:
        return await self._send("GET", path, **query)

    async def _send(self, method: str, path: str, /, **query: str | None) -> object:
        written = urlencode({name: value for name, value in query.items() if value})
        return await asyncio.to_thread(self._ask, method, f"{path}?{written}" if written else path)

    def _ask(self, method: str, path: str) -> object:
        parts = urlsplit(self.address.url)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=PATIENCE)
        try:
            connection.request(method, path, headers={"Authorization": f"Bearer {self.address.token}"})
            answer = connection.getresponse()
            body = answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise NodeUnreachable(f"no node answers at {self.address.url} ({error}); is it running?") from None
        finally:
            connection.close()
        return _read(answer.status, body, self.address.url)


def _read(status: int, body: bytes, url: str) -> object:
    if status in (401, 403):
        raise NodeUnreachable(f"the node at {url} is another one than the node file names; start it again")
    try:
        told = json.loads(body)
    except ValueError:
        raise NodeUnreachable(f"what answers at {url} is no node of proxyfleet; correct the address") from None
    if status != 200:
        raise NodeRefused(str(told.get("error", "the node could not answer")))
    return told


def find_node(named: str | None, token: str | None, beside: Path) -> NodeClient | None:
    """The node that was named (a URL with its token, or a node file), else the one that serves this store, if any."""
    if named and named.startswith("http://"):
        if not token:
            raise NodeFileError(
                "a node named by its URL needs its token in PROXYFLEET_NODE_TOKEN; or name its node file"
            )
        return NodeClient(NodeAddress(named, token))
    if named:
        return NodeClient(read_node_file(Path(named)))
    try:
        return NodeClient(read_node_file(beside))
    except NodeFileError:
        return None
