"""`reset`: make a running node forget what it has learnt about proxies. Health lives in nodes, so one has to run."""

from typing import Annotated

import typer

from .commanding import command
from .failing import Ended, ExitCode
from .session import Session


def register(app: typer.Typer) -> None:
    """Put the command into the program."""
    command(app, "reset")(reset)


def reset(
    session: Session,
    which: Annotated[
        str, typer.Argument(metavar="ID|SELECTOR", help="Such as 7 or 'tag=new'; 'all' means every proxy.")
    ],
) -> None:
    """Clear health on the running node: scores, circuit, rests, refused credentials."""
    from .edits import _text

    wanted = which.strip()
    count = session.run(_reset(session, f"id={wanted}" if wanted.isdecimal() else _text(which)))
    session.show({"reset": count}, lambda: print(f"{count} proxies reset"))
    if not count:
        raise Ended(ExitCode.FAILED)


async def _reset(session: Session, selector: str) -> int:
    from proxyfleet.assembly.answering import OFF
    from proxyfleet.assembly.asking import NodeUnreachable, find_node
    from proxyfleet.assembly.runtime import node_file

    loaded = session.loaded
    named = session.common.node or loaded.node
    node = None if named == OFF else find_node(named, loaded.node_token, node_file(loaded.settings))
    if node is None or not await node.lives():
        raise NodeUnreachable(
            "no node is running on this store, and health is kept by nodes only: there is nothing to reset; "
            "a node that starts has forgotten everything"
        )
    return int(str((await node.reset(selector))["reset"]))
