"""`adopt`: takes over the database of a founding system, with a verdict for every row as `import` gives for lines."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .commanding import command
from .failing import BadUsage
from .imports import Reading, _tell
from .session import Session
from .telling import keep_added

if TYPE_CHECKING:
    from proxyfleet.services.importing import ImportReport

LONGEST_KEY = 4096


def register(app: typer.Typer) -> None:
    """Put the command into the program."""
    command(app, "adopt")(adopt)


def adopt(
    session: Session,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The old database; it is only read.")],
    fernet_key: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="File with the key of its passwords; else ENCRYPTION_KEY, else .encryption_key beside it.",
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Report the same and write nothing.")] = False,
) -> None:
    """Take over every proxy of an older system, passwords included."""
    from proxyfleet.assembly.adopting import adopt

    from .progressing import counting

    key = session.loaded.old_key if fernet_key is None else _key(fernet_key)

    async def work() -> "ImportReport":
        async with session.opened("pretend" if dry_run else "make") as opened:
            with counting(session, "rows") as tell:
                report = await adopt(opened.store, file.absolute(), key, dry_run=dry_run, tell=tell)
                await keep_added(opened.store, 0 if dry_run else report.added, str(file))
                return report

    _tell(session, session.run(work()), Reading(dry_run=dry_run))


def _key(file: Path) -> str:
    try:
        with file.open(encoding="ascii", errors="replace") as opened:
            return opened.read(LONGEST_KEY).strip()
    except OSError as error:
        raise BadUsage(f"the key file {file} cannot be read ({error.strerror}); correct --fernet-key") from None
