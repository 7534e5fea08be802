"""Settings of what costs money: accounts at providers, and the refilling of the fleet. A part of `schema`.

Providers are named by their owner, so each has a section of its own, `[providers.NAME]`, with the fields of one record.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Final

from proxyfleet.core.proxy import Secret
from proxyfleet.core.purchase import Money
from proxyfleet.core.selector import ANY, Selector

from .kinds import SELECTOR, TEXT, Kind, about, choice, seconds, whole

NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,31}")
"""What a provider may be called: it is part of variables, selectors and events."""
_MONEY: Final = re.compile(r"(\d{1,9}(?:\.\d{1,4})?) ?([A-Za-z]{3})")
_WORD: Final = re.compile(r"[A-Za-z0-9_.-]{1,64}")


def _money(value: object) -> Money | None:
    text = value.strip() if isinstance(value, str) else "?"
    if not text:
        return None
    found = _MONEY.fullmatch(text)
    if found is None:
        raise ValueError('an amount and a currency, such as "50 USD"')
    try:
        return Money(Decimal(found[1]), found[2].upper())
    except InvalidOperation:
        raise ValueError("an amount with at most four decimals") from None


def _money_text(value: object) -> str:
    return f"{value.amount} {value.currency}" if isinstance(value, Money) else ""


def _words(value: object) -> Mapping[str, str]:
    """A table of a TOML file, or `name=value,name=value`."""
    if isinstance(value, str):
        pairs = [part.partition("=") for part in value.split(",") if part.strip()]
        told: dict[str, object] = {name.strip(): text.strip() for name, _, text in pairs}
    elif isinstance(value, Mapping):
        told = {str(name): one for name, one in value.items()}
    else:
        raise ValueError("a table of words, or name=value,name=value")
    if not all(_WORD.fullmatch(name) and isinstance(one, str | int) for name, one in told.items()):
        raise ValueError("a table whose values are text or whole numbers")
    return {name: _word(one) for name, one in told.items()}


def _word(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _words_text(value: object) -> str:
    return ",".join(f"{name}={one}" for name, one in value.items()) if isinstance(value, Mapping) else ""


def _names(value: object) -> tuple[str, ...]:
    parts = value.split(",") if isinstance(value, str) else value
    if not isinstance(parts, list) or not all(isinstance(one, str) for one in parts):
        raise ValueError("a list of names")
    return tuple(one.strip() for one in parts if one.strip())


def _names_text(value: object) -> str:
    return ",".join(value) if isinstance(value, tuple) else ""


def _country(value: object) -> str:
    text = value.strip().upper() if isinstance(value, str) else "?"
    if text and not re.fullmatch("[A-Z]{2}", text):
        raise ValueError("two letters, such as DE, or nothing")
    return text


MONEY: Final = Kind("amount and currency, or nothing", _money, _money_text)
WORDS: Final = Kind("table of words", _words, _words_text)
NAMES: Final = Kind("list of names", _names, _names_text)
COUNTRY: Final = Kind("two letters, or nothing", _country)
SECRET: Final = Kind("secret, by environment only", lambda value: Secret(str(value)))


@dataclass(frozen=True, slots=True)
class ProviderSection:
    """`[providers.NAME]`: one account, what it may cost, and what is done with it by itself."""

    kind: str = field(default="", metadata=about(TEXT, "Whose API it is; `proxyfleet providers kinds` lists them."))
    key: Secret | None = field(
        default=None,
        metadata=about(SECRET, "The key of the account; never in the file, never a flag."),
        repr=False,
    )
    key_file: str = field(default="", metadata=about(TEXT, "A file of mode 0600 that holds the key instead."))
    options: Mapping[str, str] = field(
        default_factory=dict,
        metadata=about(WORDS, "What that kind wants to know besides, as `proxyfleet providers kinds` tells."),
    )
    budget: Money | None = field(
        default=None,
        metadata=about(MONEY, "At most so much in a calendar month (UTC); without one nothing is bought."),
    )
    country: str = field(
        default="", metadata=about(COUNTRY, "Where proxies that are bought shall be; empty: anywhere.")
    )
    days: int = field(default=30, metadata=about(whole(1, 3_660), "For how many days they are bought."))
    terms: Mapping[str, str] = field(
        default_factory=dict,
        metadata=about(WORDS, "Words of the provider's own for what is bought, such as a version."),
    )
    most: int = field(
        default=0, metadata=about(whole(0, 1_000_000), "Refilling keeps at most so many proxies of it; 0: no limit.")
    )
    most_at_once: int = field(default=10, metadata=about(whole(1, 10_000), "And buys so many in one order."))
    renew_within: int = field(
        default=0, metadata=about(whole(0, 366), "Prolong proxies that expire within so many days; 0: never by itself.")
    )
    renew_days: int = field(default=30, metadata=about(whole(1, 3_660), "For how many days they are prolonged."))
    renew_selector: Selector = field(
        default=ANY, metadata=about(SELECTOR, "Which of them; `min_score=0.5` leaves out those that do badly.")
    )
    renew_only: str = field(
        default="any",
        metadata=about(
            choice("any", "used", "held"), "`used`: those that have worked; `held`: those that somebody has."
        ),
    )


@dataclass(frozen=True, slots=True)
class ScalingSection:
    """`[scaling]`: when free slots run short, where new proxies come from. Budgets are those of the providers."""

    below: int = field(
        default=0, metadata=about(whole(0), "Refill when fewer slots than this are free; 0: never by itself.")
    )
    until: int = field(
        default=0, metadata=about(whole(0), "Go on until so many are free; 0: half as many again as `below`.")
    )
    selector: Selector = field(default=ANY, metadata=about(SELECTOR, "Whose slots count."))
    sources: tuple[str, ...] = field(
        default=(), metadata=about(NAMES, "Sources that are looked at first, because they cost nothing.")
    )
    providers: tuple[str, ...] = field(
        default=(), metadata=about(NAMES, "Providers to buy from after that, in this order.")
    )
    cool_down: float = field(
        default=900.0,
        metadata=about(seconds(60.0, 604_800.0), "What was done last gets so long to show before more is done."),
    )
