"""Puts the layers together: flags before environment before file before defaults, every problem told at once.

The only place that reads the environment. What is wrong is named with its place (file and key, variable or flag) and
the remedy; nothing is guessed. Does not open, create or connect anything but the settings file.
"""

import difflib
import os
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final

from proxyfleet.core.errors import BadRules, FleetError
from proxyfleet.core.rules import Rules

from .accounts import PROVIDERS, account_keys, in_file, is_account_key, names_in
from .accounts import sections as account_sections
from .kinds import Kind, kind_like
from .places import (
    MEMORY,
    SQLITE,
    STORE,
    claims_problem,
    configuration_folder,
    data_folder,
    masked_url,
    store_problem,
)
from .schema import PREFIX, SECTIONS, STRICTER, Settings

CONFIG: Final = PREFIX + "CONFIG"
NODE: Final = PREFIX + "NODE"
NODE_TOKEN: Final = PREFIX + "NODE_TOKEN"
OLD_KEY: Final = "ENCRYPTION_KEY"
"""The variable of the founding systems; `adopt` opens their passwords with it."""
SECRETS: Final = frozenset({PREFIX + "KEY", NODE_TOKEN, OLD_KEY, PREFIX + "STORE", PREFIX + "CLAIMS"})
"""Not for commands that we start; URLs of stores may hold a password."""
NOT_SETTINGS: Final = frozenset({CONFIG, NODE, NODE_TOKEN})
LARGEST_FILE: Final = 1 << 20


class SettingsError(FleetError):
    """Settings that cannot be used. `problems` has one line each, with the place and the remedy."""

    code = "bad_settings"

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class Loaded:
    """Valid settings, where each key that is not a default came from, and what looked odd without being wrong."""

    settings: Settings
    origins: Mapping[str, str]
    warnings: tuple[str, ...] = ()
    node: str | None = None
    """`PROXYFLEET_NODE`: which running node the command line asks."""
    node_token: str | None = field(default=None, repr=False)
    old_key: str | None = field(default=None, repr=False)
    """`ENCRYPTION_KEY`: what the passwords of a founding system are locked with."""


def keys() -> dict[str, tuple[Kind, object]]:
    """Kind and default of every key, in the order of the documentation."""
    found = {f.name: (f.metadata["kind"], f.default) for f in fields(Settings) if "kind" in f.metadata}
    for section, record in SECTIONS.items():
        example = record()
        for f in fields(record):
            default = getattr(example, f.name)
            key = f"{section}.{f.name}"
            found[key] = (STRICTER.get(key) or f.metadata.get("kind") or kind_like(default), default)
    return found


def variable(key: str) -> str:
    """The environment variable of a key."""
    return PREFIX + key.replace(".", "_").upper()


def load(
    *,
    config: str | None = None,
    flags: Mapping[str, tuple[str, object]] | None = None,
    environ: Mapping[str, str] | None = None,
) -> Loaded:
    """Read all layers. `config` is the file named by a flag, `flags` maps keys to (flag as written, value).

    `environ` None means the real environment. Raises `SettingsError` with every problem found.
    """
    environment = os.environ if environ is None else environ
    problems: list[str] = []
    layers = _Layers(problems)
    path = config or environment.get(CONFIG) or ""
    if path:
        _take_file(layers, path)
    warnings = _take_environment(layers, environment)
    for key, (flag, value) in (flags or {}).items():
        layers.take(key, value, flag)
    settings = _build(layers, environment)
    if problems or settings is None:
        raise SettingsError(problems)
    node, token, old_key = (environment.get(name) or None for name in (NODE, NODE_TOKEN, OLD_KEY))
    return Loaded(settings, layers.origins, tuple(warnings), node, token, old_key)


class _Layers:
    """Values taken so far, the later layer winning; problems are collected."""

    def __init__(self, problems: list[str]) -> None:
        self.known = keys()
        self.secret = {"key"}
        self.values: dict[str, object] = {}
        self.origins: dict[str, str] = {}
        self.problems = problems

    def know(self, provider: str) -> None:
        """The settings of an account that somebody has named."""
        self.known |= account_keys(provider)
        self.secret.add(f"{PROVIDERS}.{provider}.key")

    def take(self, key: str, value: object, place: str) -> None:
        """One value from one place."""
        kind, _ = self.known[key]
        try:
            self.values[key] = kind.read(value)
        except ValueError as problem:
            shown = "" if key in self.secret or isinstance(value, dict | list) else f" {_shown(value)!r} does not fit"
            self.problems.append(f"{place}:{shown}; give {problem}")
            return
        self.origins[key] = place


def _shown(value: object) -> object:
    return masked_url(value)[:100] if isinstance(value, str) else value


def _take_file(layers: _Layers, path: str) -> None:
    try:
        document = _read_file(path)
    except (OSError, ValueError) as error:
        told = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        layers.problems.append(
            f"settings file {path}: {told}; correct the file, or the path given by --config or {CONFIG}"
        )
        return
    for key, value in _flattened(document, layers, path):
        place = f"{path}, {key}"
        if key in layers.secret:
            layers.problems.append(
                f"{place}: a key does not belong in a settings file; use {variable(key)} or key_file"
            )
        elif key in layers.known:
            layers.take(key, value, place)
        else:
            layers.problems.append(f"{place}: there is no such setting; {_suggestion(key, list(layers.known))}")


def _read_file(path: str) -> dict[str, Any]:
    """The TOML document; `Any` because that is what TOML holds."""
    with Path(path).open("rb") as file:
        raw = file.read(LARGEST_FILE + 1)
    if len(raw) > LARGEST_FILE:
        raise ValueError("larger than 1 MiB")
    return tomllib.loads(raw.decode())


def _flattened(document: Mapping[str, object], layers: _Layers, path: str) -> Iterator[tuple[str, object]]:
    for name, value in document.items():
        if name == PROVIDERS:
            yield from _accounts(value, layers, path)
        elif name in SECTIONS and isinstance(value, dict):
            yield from ((f"{name}.{inner}", one) for inner, one in value.items())
        else:
            yield name, value


def _accounts(document: object, layers: _Layers, path: str) -> Iterator[tuple[str, object]]:
    try:
        for name, field_name, value in in_file(document):
            layers.know(name)
            yield f"{PROVIDERS}.{name}.{field_name}", value
    except ValueError as problem:
        layers.problems.append(f"{path}, {PROVIDERS}: {problem}")


def _take_environment(layers: _Layers, environment: Mapping[str, str]) -> list[str]:
    for name in names_in(environment):
        layers.know(name)
    by_variable = {variable(key): key for key in layers.known}
    warnings = []
    for name in sorted(one for one in environment if one.startswith(PREFIX) and one not in NOT_SETTINGS):
        if name in by_variable:
            layers.take(by_variable[name], environment[name], name)
        else:
            # A warning only: orchestrators add variables such as PROXYFLEET_PORT for a service of that name.
            warnings.append(f"environment variable {name} is no setting; {_suggestion(name, list(by_variable))}")
    return warnings


def _suggestion(name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f"did you mean {near[0]}?" if near else "`proxyfleet config show` lists them all"


def _build(layers: _Layers, environment: Mapping[str, str]) -> Settings | None:
    sections: dict[str, Any] = {}
    for section, record in SECTIONS.items():
        # Values of many types, checked one by one by their kinds.
        values: dict[str, Any] = {
            key.partition(".")[2]: value for key, value in layers.values.items() if key.startswith(section + ".")
        }
        sections[section] = _rules(values, layers) if record is Rules else record(**values)
    plain: dict[str, Any] = {key: value for key, value in layers.values.items() if "." not in key}
    plain["store"] = _store(str(plain.get("store", "")), layers, environment)
    _claims(str(plain.get("claims", STORE)), str(plain["store"]), layers)
    plain["providers"] = account_sections(layers.values)
    plain["data_folder"] = data_folder(environment)
    plain["key_default"] = configuration_folder(environment) / "key"
    _contradictions(plain, layers)
    return None if layers.problems else Settings(**plain, **sections)


def _rules(values: dict[str, Any], layers: _Layers) -> Rules:
    """The rules check themselves, one fault at a time; what is at fault is told and left out, so that all are found."""
    while True:
        try:
            return Rules(**values)
        except BadRules as problem:
            name = next((one for one in values if one in str(problem)), None)
            place = layers.origins.get(f"rules.{name}", "rules")
            layers.problems.append(f"{place}: {problem}")
            if name is None:
                return Rules()
            del values[name]


def _store(store: str, layers: _Layers, environment: Mapping[str, str]) -> str:
    if not store:
        return f"{SQLITE}{data_folder(environment) / 'proxyfleet.db'}"
    if problem := store_problem(store):
        layers.problems.append(f"{layers.origins.get('store', 'store')}: {problem}")
    return store


def _claims(claims: str, store: str, layers: _Layers) -> None:
    place = layers.origins.get("claims", "claims")
    if problem := claims_problem(claims):
        layers.problems.append(f"{place}: {problem}")
    elif claims != STORE and store in MEMORY:
        layers.problems.append(f"{place}: a fleet in memory keeps its claims itself; use --store sqlite:///FILE")


def _contradictions(plain: Mapping[str, object], layers: _Layers) -> None:
    if plain.get("key") is not None and plain.get("key_file"):
        where = " and ".join((layers.origins["key"], layers.origins["key_file"]))
        layers.problems.append(f"{where}: two sources of one key; keep one of them")
    for name, account in account_sections(layers.values).items():
        if account.key is not None and account.key_file:
            layers.problems.append(f"provider {name}: two sources of one key; keep `key_file` or the variable")


def environment() -> dict[str, str]:
    """A copy of the environment without the secrets of this program, for commands that it starts."""
    return {name: value for name, value in os.environ.items() if name not in SECRETS and not is_account_key(name)}
