"""Settings for people: every key with its value, where the value came from and what it means. Secrets stay stars."""

import textwrap
from collections.abc import Iterator
from dataclasses import fields
from typing import NamedTuple

from proxyfleet.core.proxy import Secret
from proxyfleet.core.rules import Rules

from .accounts import account_keys, meanings_of_accounts
from .kinds import Kind
from .load import Loaded, keys, variable
from .places import masked_url
from .schema import SECTIONS, Settings


class Row(NamedTuple):
    """One setting: `value` and `default` as text that a file or variable would take, `origin` where it came from."""

    key: str
    value: str
    origin: str
    default: str
    wanted: str
    variable: str
    meaning: str


def rows(loaded: Loaded) -> list[Row]:
    """Every setting in the order of the documentation."""
    told = meanings()
    found = []
    for key, (kind, default) in keys().items():
        section, dot, name = key.rpartition(".")
        holder = getattr(loaded.settings, section) if dot else loaded.settings
        value = getattr(holder, name)
        shown = masked_url(value) if key in ("store", "claims") else written(kind, value)
        origin = loaded.origins.get(key, "default")
        found.append(Row(key, shown, origin, written(kind, default), kind.wanted, variable(key), told[key]))
    return found + [row for name in loaded.settings.providers for row in _account(loaded, name)]


def _account(loaded: Loaded, name: str) -> Iterator[Row]:
    """The settings of one provider."""
    section, told = loaded.settings.providers[name], meanings_of_accounts()
    for key, (kind, default) in account_keys(name).items():
        field = key.rpartition(".")[2]
        shown = written(kind, getattr(section, field))
        origin = loaded.origins.get(key, "default")
        yield Row(key, shown, origin, written(kind, default), kind.wanted, variable(key), told[field])


def written(kind: Kind, value: object) -> str:
    """A value as a file or variable would take it; empty where nothing is set, stars for a secret."""
    if isinstance(value, Secret):
        return "***"
    return "" if value is None and kind.write is str else kind.write(value)


def meanings() -> dict[str, str]:
    """What each key is for, one sentence."""
    found = {f.name: f.metadata["meaning"] for f in fields(Settings) if "kind" in f.metadata}
    for section, record in SECTIONS.items():
        told = _of_rules() if record is Rules else {f.name: f.metadata["meaning"] for f in fields(record)}
        found |= {f"{section}.{f.name}": told[f.name] for f in fields(record)}
    return found


def _of_rules() -> dict[str, str]:
    """The core documents its rules in its docstring as `name, name: meaning`, continued on deeper lines."""
    first, _, rest = (Rules.__doc__ or "").partition("\n")
    found: dict[str, str] = {}
    names: list[str] = []
    for line in textwrap.dedent(rest).splitlines():
        head, colon, meaning = line.partition(": ")
        if colon and not line.startswith(" "):
            names = head.split(", ")
            found |= dict.fromkeys(names, meaning)
        elif line.strip():
            found |= {name: f"{found[name]} {line.strip()}" for name in names}
    return {f.name: found.get(f.name, first) for f in fields(Rules)}
