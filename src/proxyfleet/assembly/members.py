"""All processes that serve together on this machine, asked and ordered as one. What a node is and does is not known here."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from proxyfleet.services.read_models import Shown

from .asking import NodeClient, NodeUnreachable, find_node
from .runtime import NodeFileError, living, member_files, read_node_file

T = TypeVar("T")


class Answered(NamedTuple):
    """What the processes said that answered, and how many did not."""

    answers: list[Any]
    """As the node says it in JSON, hence `Any`."""
    silent: int


class Members:
    """The processes of one `serve`; never none."""

    def __init__(self, clients: list[NodeClient]) -> None:
        self.clients = clients

    async def live(self) -> bool:
        """Whether any of them answers."""
        return any(await asyncio.gather(*(client.lives() for client in self.clients)))

    async def ask(self, question: Callable[[NodeClient], Awaitable[T]]) -> Answered:
        """Everybody at once: one that hangs keeps no other waiting. Raises what they refuse, and `NodeUnreachable` when nobody
        answers.
        """
        told = await asyncio.gather(*(_answer(question, client) for client in self.clients))
        answers = [answer for answer in told if not isinstance(answer, NodeUnreachable)]
        if not answers and isinstance(told[0], NodeUnreachable):
            raise told[0]
        return Answered(answers, len(self.clients) - len(answers))

    async def order(
        self, verb: str, selector: str, *, target: str | None = None, seconds: float | None = None
    ) -> Answered:
        """What an operator orders, by everybody; see `Questions.order`."""
        return await self.ask(lambda client: client.order(verb, selector, target=target, seconds=seconds))

    async def report(self) -> Shown:
        """The fleet as the first one sees it, and what went through all their gateways."""
        answers = (await self.ask(lambda client: client.report())).answers
        told: dict[str, Any] = answers[0]  # JSON
        return told | {
            "node": told["node"] | {"processes": len(answers)},
            "gateway": summed([one["gateway"] for one in answers if one.get("gateway")]),
        }


async def _answer(question: Callable[[NodeClient], Awaitable[T]], client: NodeClient) -> T | NodeUnreachable:
    try:
        return await question(client)
    except NodeUnreachable as error:
        return error


class Speaker(NodeClient):
    """The first process, which answers for all: about the fleet as it sees it, with the figures of everybody."""

    def __init__(self, members: Members) -> None:
        super().__init__(members.clients[0].address)
        self._members = members

    async def report(self) -> Shown:
        """See `Members.report`."""
        return await self._members.report()


def summed(tables: list[dict[str, Any]]) -> dict[str, Any]:
    """Counters of several processes as one; tables in them too."""
    total: dict[str, Any] = {}
    for table in tables:
        for name, value in table.items():
            if isinstance(value, dict):
                total[name] = summed([total.get(name, {}), value])
            else:
                total[name] = total.get(name, 0) + value
    return total


def find_members(named: str | None, token: str | None, beside: Path) -> Members | None:
    """Those beside the node that `find_node` finds, if any; a node named by its URL is asked alone."""
    first = find_node(named, token, beside)
    if first is None:
        return None
    found = [first]
    if not (named and named.startswith("http://")):
        for file in member_files(Path(named) if named else beside)[1:]:
            try:
                found += [NodeClient(read_node_file(file))] if living(file) else []
            except NodeFileError:
                continue  # it ends just now
    return Members(found)
