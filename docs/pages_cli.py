"""The reference pages of the settings and of the command line, drawn from the program itself; registered in `generate`."""

from typing import Any

import typer

from proxyfleet.cli.app import build
from proxyfleet.cli.failing import MEANINGS, as_json
from proxyfleet.settings.accounts import account_keys, meanings_of_accounts
from proxyfleet.settings.load import keys, variable
from proxyfleet.settings.schema import SECTIONS
from proxyfleet.settings.show import meanings, written


def settings_page() -> str:
    """Every setting with kind, default and meaning."""
    from docs.generate import page

    return page(
        "Settings",
        "A setting is taken from a flag, else from the environment, else from the settings file, else from its default.\n"
        "`proxyfleet config show` prints every one with its value and where it came from.",
        "The file is TOML, named by `--config FILE` or `PROXYFLEET_CONFIG`:",
        '```toml\nstore = "sqlite:////var/lib/proxyfleet/fleet.db"\n\n[gateway]\nlisten = "127.0.0.1:8899"\n'
        'control = "127.0.0.1:8898"\n\n[rules]\nstrategy = "two_choices"\n```',
        "An unknown key, a value that does not fit and two that contradict each other are refused, all at once, each with\n"
        "its place. In a variable lists are separated by commas. `sqlite:///fleet.db` lies in the working folder,\n"
        "`sqlite:////srv/fleet.db` has an absolute path, `memory:` ends with the process. `PROXYFLEET_NODE` and\n"
        "`PROXYFLEET_NODE_TOKEN` name the node that commands ask; they are no settings of a node.",
        *(part for section in ("", *SECTIONS) for part in _section(section)),
        *_accounts(),
    )


def _accounts() -> list[str]:
    from docs.generate import table

    told, rows = meanings_of_accounts(), []
    for key, (kind, default) in account_keys("name").items():
        field, shown = key.rpartition(".")[2], written(kind, default)
        rows.append([f"`{field}`", kind.wanted, f"`{shown}`" if shown else "", f"`{variable(key)}`", told[field]])
    return [
        "## `[providers.NAME]`",
        "One section for each account, called as you like in small letters; tables of words are `[providers.NAME.options]`.\n"
        "[How to buy proxies](../howto/providers.md) tells more.",
        table(("setting", "value", "default", "variable", "meaning"), rows),
    ]


def _section(section: str) -> list[str]:
    from docs.generate import table

    told, rows = meanings(), []
    for key, (kind, default) in keys().items():
        if key.rpartition(".")[0] == section:
            shown = written(kind, default)
            rows.append([f"`{key}`", kind.wanted, f"`{shown}`" if shown else "", f"`{variable(key)}`", told[key]])
    head = f"## `[{section}]`" if section else "## Outside of sections"
    return [head, table(("setting", "value", "default", "variable", "meaning"), rows)]


def cli_page() -> str:
    """Every command with its options, and the exit codes."""
    from docs.generate import page, table

    program: Any = typer.main.get_command(build())  # Any: Typer does not publish the type of a command
    commands = [part for name, command in _leaves(program, "") for part in _command(name, command)]
    return page(
        "Command line",
        "Results go to standard output, everything said to people to standard error, so that `--json` can be piped into\n"
        "another program. The common options stand before or after the command's name.",
        "## Exit codes",
        table(("code", "means"), ([str(int(code)), meaning] for code, meaning in MEANINGS.items())),
        "## Errors",
        "An error is one line, `error:` and then the cause and the remedy. With `--json` it is one object,\n"
        f"`{as_json('no_match', '...')}`, the last line on standard error, also where the\n"
        "command line cannot be read. `code` is stable ([those of the library](errors.md)), `message` is for people. With\n"
        "`--quiet` nothing else is said there. A command that prints a result and yet ends with another code than 0 tells\n"
        "in the result what was not done, and prints no error.",
        "## Common options",
        _options([one for one in program.params if one.name not in ("install_completion", "show_completion")]),
        "`proxyfleet --install-completion` teaches your shell to complete commands and options.",
        *commands,
    )


def _leaves(group: Any, prefix: str) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for name, command in group.commands.items():
        nested = hasattr(command, "commands")
        found += _leaves(command, f"{prefix}{name} ") if nested else [(f"{prefix}{name}", command)]
    return found


def _command(name: str, command: Any) -> list[str]:
    from proxyfleet.cli.commanding import Shared

    common = {*Shared.__dataclass_fields__, "help"}
    own = [one for one in command.params if one.name not in common]
    arguments = [one for one in own if one.param_type_name == "argument"]
    usage = " ".join(["proxyfleet", name, *(_metavar(one) for one in arguments), "[OPTIONS]"])
    return [f"## `{name}`", command.help.strip(), f"```\n{usage}\n```", *([_options(own)] if own else [])]


def _metavar(argument: Any) -> str:
    shown = argument.metavar or argument.name.upper()
    return shown if argument.required else f"[{shown}]"


def _options(parameters: list[Any]) -> str:
    from docs.generate import table

    rows = []
    for one in (one for one in parameters if not getattr(one, "hidden", False)):
        named = ", ".join(f"`{word}`" for word in one.opts) if one.param_type_name == "option" else f"`{_metavar(one)}`"
        plain = one.default not in (None, "", False, [], ()) and not callable(one.default) and not one.required
        rows.append([named, one.help or "", f"`{one.default}`" if plain else ""])
    return table(("option", "meaning", "default"), rows)
