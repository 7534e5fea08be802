"""Turns functions into commands: options written as frozen dataclasses become options of the command line.

Every command takes a `Session` made from the options that all share, before the command's name or after it.
"""

import inspect
from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass
from typing import Annotated, Any, Final, get_type_hints

import typer

from .failing import Reporting
from .session import Common, Session

PANEL: Final = "Common options"


@dataclass(frozen=True, slots=True)
class Shared:
    """What every command takes."""

    config: Annotated[str | None, typer.Option(metavar="FILE", help="Settings file (TOML).", rich_help_panel=PANEL)] = (
        None
    )
    store: Annotated[
        str | None, typer.Option(metavar="URL", help="sqlite:///FILE, postgresql://… or memory:", rich_help_panel=PANEL)
    ] = None
    claims: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Where leases are kept: store, or redis://…", rich_help_panel=PANEL),
    ] = None
    node: Annotated[
        str | None,
        typer.Option(metavar="FILE|URL", help="Ask this running node; `off` reads the store.", rich_help_panel=PANEL),
    ] = None
    json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.", rich_help_panel=PANEL)] = False
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Say nothing but results and errors.", rich_help_panel=PANEL)
    ] = False
    debug: Annotated[bool, typer.Option("--debug", help="Show where an error happened.", rich_help_panel=PANEL)] = False


Command = Callable[..., None]


def command(app: typer.Typer, name: str) -> Callable[[Command], Command]:
    """Register a function whose first parameter is a `Session`; dataclass parameters become one option per field."""

    def register(function: Command) -> Command:
        app.command(name)(_spread(function))
        return function

    return register


def root(app: typer.Typer) -> None:
    """Let the shared options stand before the command's name too."""

    def proxyfleet(ctx: typer.Context, **given: Any) -> None:
        """One system that knows every proxy you own, and serves them all behind one address."""
        ctx.obj = given

    parameters = [_parameter("ctx", typer.Context), *_expanded(Shared)]
    app.callback()(_signed(proxyfleet, parameters))


def _spread(function: Command) -> Command:
    """The function as Typer is to see it; `Any` because the values are of whatever types the options have."""
    hints = get_type_hints(function, include_extras=True)
    own = [
        parameter
        for parameter in inspect.signature(function).parameters.values()
        if hints[parameter.name] is not Session
    ]
    groups = {parameter.name: hints[parameter.name] for parameter in own if is_dataclass(hints[parameter.name])}

    def run(ctx: typer.Context, **given: Any) -> None:
        common = _common(ctx.find_root().obj or {}, {f.name: given.pop(f.name) for f in fields(Shared)})
        for name, group in groups.items():
            given[name] = group(**{f.name: given.pop(f.name) for f in fields(group)})
        with Reporting(debug=common.debug, json=common.json):
            function(Session(common), **given)

    parameters = [_parameter("ctx", typer.Context)]
    for parameter in own:
        hint = hints[parameter.name]
        if parameter.name in groups:
            parameters += _expanded(hint)
        else:
            parameters.append(_parameter(parameter.name, hint, parameter.default))
    run.__doc__ = function.__doc__
    return _signed(run, [*parameters, *_expanded(Shared)])


def _common(before: dict[str, Any], after: dict[str, Any]) -> Common:
    """What stands after the command's name wins."""
    return Common(**{name: value or before.get(name, value) for name, value in after.items()})


def _expanded(record: type[Any]) -> list[inspect.Parameter]:
    hints = get_type_hints(record, include_extras=True)
    return [_parameter(f.name, hints[f.name], _default(f)) for f in fields(record)]


def _default(f: Any) -> Any:
    """The default of a dataclass field as a parameter has it."""
    if f.default_factory is not inspect.Parameter.empty and callable(f.default_factory):
        return f.default_factory()
    return f.default


def _parameter(name: str, hint: Any, default: Any = inspect.Parameter.empty) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=hint)


def _signed(function: Command, parameters: list[inspect.Parameter]) -> Command:
    vars(function)["__signature__"] = inspect.Signature(parameters)
    function.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters} | {"return": None}
    return function
