"""Finds the providers that file and environment name, gives their keys to the loader, and makes their sections.

The rest of loading does not know that these keys depend on what an owner has called his accounts.
"""

from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any, Final

from .kinds import Kind
from .schema_buying import NAME, ProviderSection

PROVIDERS: Final = "providers"
_PREFIX: Final = "PROXYFLEET_PROVIDERS_"
FIELDS: Final = tuple(f.name for f in fields(ProviderSection))


def account_keys(name: str) -> dict[str, tuple[Kind, object]]:
    """Kind and default of every setting of one provider."""
    return {
        f"{PROVIDERS}.{name}.{f.name}": (f.metadata["kind"], getattr(ProviderSection(), f.name))
        for f in fields(ProviderSection)
    }


def meanings_of_accounts() -> dict[str, str]:
    """What each field of a provider is for."""
    return {f.name: f.metadata["meaning"] for f in fields(ProviderSection)}


def names_in(environment: Mapping[str, str]) -> list[str]:
    """Providers that variables speak of."""
    found = {_name(one) for one in environment if one.startswith(_PREFIX)}
    return sorted(name for name in found if NAME.fullmatch(name))


def _name(variable: str) -> str:
    """What is left of a variable without the longest field at its end."""
    rest = variable.removeprefix(_PREFIX).lower()
    ends = [f"_{field}" for field in FIELDS if rest.endswith(f"_{field}")]
    return rest.removesuffix(max(ends, key=len)) if ends else ""


def is_account_key(name: str) -> bool:
    """Whether an environment variable holds the key of a provider."""
    return name.startswith(_PREFIX) and name.endswith("_KEY")


def in_file(document: object) -> Iterator[tuple[str, str, object]]:
    """Name, field and value of all that the table `providers` holds. Raises `ValueError` with what is wrong with it."""
    if not isinstance(document, Mapping):
        raise ValueError("name each account: [providers.NAME]")
    for name, section in document.items():
        if not NAME.fullmatch(name):
            raise ValueError(f"{name[:40]!r} is no name of a provider; use small letters, digits and _")
        if not isinstance(section, Mapping):
            raise ValueError(f"{name} is no table; write [providers.{name}]")
        for field, value in section.items():
            yield name, field, value


def sections(values: Mapping[str, object]) -> dict[str, ProviderSection]:
    """The sections of all providers, from all values by key."""
    found: dict[str, dict[str, Any]] = {}  # Any: values of many types, checked one by one by their kinds
    for key, value in values.items():
        section, _, rest = key.partition(".")
        if section == PROVIDERS:
            name, _, field = rest.partition(".")
            found.setdefault(name, {})[field] = value
    return {name: ProviderSection(**told) for name, told in sorted(found.items())}
