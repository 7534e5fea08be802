"""The program: all commands in one table, in the order of the help. Starts nothing itself."""

import sys
from collections.abc import Sequence

import typer

from . import (
    adopting,
    backups,
    config,
    database,
    demo,
    doctor,
    edits,
    export,
    imports,
    keys,
    lab,
    picks,
    proxies,
    resets,
    serve,
    stats,
    users,
)
from .commanding import root

NOUNS = (
    *(serve, demo, imports, adopting, proxies, picks, stats, edits, resets, export, users),
    *(backups, database, keys, config, doctor, lab),
)


def build() -> typer.Typer:
    """The whole program. Rich draws the help only for people: it costs a start more than all the rest."""
    app = typer.Typer(
        name="proxyfleet",
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
    try:
        build()(args=None if arguments is None else list(arguments), prog_name="proxyfleet")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    return 0
