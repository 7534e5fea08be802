"""Functions become commands: records become options, shared options stand anywhere."""

from dataclasses import dataclass, field
from typing import Annotated

import pytest
import typer

from proxyfleet.cli.commanding import command, root
from proxyfleet.cli.failing import BadUsage
from proxyfleet.cli.session import Session


@dataclass(frozen=True, slots=True)
class Options:
    count: Annotated[int, typer.Option(min=1)] = 1
    tag: Annotated[list[str], typer.Option()] = field(default_factory=list)


@pytest.fixture
def called():
    return []


@pytest.fixture
def run(called):
    app = typer.Typer(pretty_exceptions_enable=False)
    root(app)

    def do(session: Session, name: Annotated[str, typer.Argument()], options: Options) -> None:
        """Does it."""
        if name == "bad":
            raise BadUsage("this is bad; do that")
        called.append((session.common, name, options))

    command(app, "do")(do)

    def go(*arguments):
        with pytest.raises(SystemExit) as end:
            app(list(arguments))
        return end.value.code

    return go


def test_records_become_options(run, called):
    assert run("do", "x", "--count", "3", "--tag", "a", "--tag", "b") == 0
    assert run("do", "y") == 0
    assert [(name, options) for _, name, options in called] == [("x", Options(3, ["a", "b"])), ("y", Options())]


def test_shared_options_stand_anywhere_and_the_later_wins(run, called):
    run("--store", "a", "--json", "do", "x")
    run("do", "x", "--store", "b", "-q")
    run("--store", "a", "do", "x", "--store", "b")
    assert [(common.store, common.json, common.quiet) for common, *_ in called] == [
        ("a", True, False),
        ("b", False, True),
        ("b", False, False),
    ]


def test_wrong_usage_is_two(run, called, capsys):
    assert run("do") == 2
    assert run("do", "x", "--count", "0") == 2
    assert run("do", "bad") == 2
    assert capsys.readouterr().err.endswith("error: this is bad; do that\n")
    assert called == []


def test_help_shows_own_and_shared_options(run, capsys):
    assert run("do", "--help") == 0
    told = capsys.readouterr().out
    assert all(option in told for option in ("--count", "--tag", "--store", "--json", "Does it."))
