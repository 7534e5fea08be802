"""The program: all commands in one table, in the order of the help. Starts nothing itself."""

import sys
from collections.abc import Sequence
from itertools import takewhile
from typing import Final

import typer

from . import (
    adopting,
    assignments,
    backups,
    capacity,
    checks,
    config,
    database,
    demo,
    doctor,
    edits,
    events,
    export,
    imports,
    jobs,
    judge,
    keys,
    lab,
    leases,
    orders,
    picks,
    providers,
    proxies,
    rotating,
    run,
    serve,
    sheet,
    sources,
    stats,
    top,
    users,
)
from .commanding import root
from .failing import BadUsage, ExitCode, tell
from .streams import settle_streams

NAME: Final = "proxyfleet"

NOUNS = (
    *(serve, demo, imports, sources, providers, adopting, proxies, picks, stats, top, edits, orders, export, users),
    *(events, jobs, checks, judge, rotating),
    *(leases, assignments, capacity, run),
    *(sheet, backups, database, keys, config, doctor, lab),
)


def build() -> typer.Typer:
    """The whole program. Rich draws the help only for people: it costs a start more than all the rest."""
    app = typer.Typer(
        name=NAME,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode="rich" if sys.stdout.isatty() else None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    root(app)
    for noun in NOUNS:
        noun.register(app)
    return app


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; its exit code, see `failing.ExitCode`."""
    settle_streams()
    given = sys.argv[1:] if arguments is None else list(arguments)
    try:
        if wants_json(given):
            return _for_programs(given)
        build()(args=given, prog_name=NAME)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    return 0


def wants_json(given: Sequence[str]) -> bool:
    """Also where the command line cannot be read."""
    return "--json" in takewhile(lambda word: word != "--", given)


def _for_programs(given: list[str]) -> int:
    """A command line that cannot be read is told to programs in the form of all other errors."""
    try:
        ended = build()(args=given, prog_name=NAME, standalone_mode=False)
    except typer.TyperException as error:
        tell(BadUsage.code, error.format_message(), json=True)
        return ExitCode.USAGE
    return ended if isinstance(ended, int) else 0
