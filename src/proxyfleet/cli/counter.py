"""What the commands about providers share: the account's name, what is wanted of it, and the open account itself."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from .session import Session

if TYPE_CHECKING:
    from proxyfleet.assembly.opening import Missing
    from proxyfleet.assembly.shopping import Counter
    from proxyfleet.core.purchase import Wish
    from proxyfleet.ports import Store
    from proxyfleet.settings.schema_buying import ProviderSection

Name = Annotated[str, typer.Argument(metavar="NAME", help="Name of the provider in the settings.")]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be bought; what is not said is as the settings have it."""

    count: Annotated[int, typer.Option(min=1, max=10_000, metavar="N", help="How many proxies.")] = 1
    days: Annotated[int | None, typer.Option(min=1, max=3_660, metavar="N", help="For how many days.")] = None
    country: Annotated[str | None, typer.Option(metavar="CC", help="Where; two letters.")] = None
    term: Annotated[
        list[str] | None, typer.Option(metavar="NAME=VALUE", help="A word of the provider's own; repeatable.")
    ] = None

    def wish(self, section: "ProviderSection") -> "Wish":
        """Together with the settings."""
        from proxyfleet.core.purchase import Wish

        terms = dict(section.terms) | {
            name: value for name, _, value in (one.partition("=") for one in self.term or ())
        }
        country = section.country if self.country is None else self.country.upper()
        return Wish(self.count, self.days or section.days, country, terms)


@asynccontextmanager
async def counter(session: Session, name: str, missing: "Missing" = "make") -> "AsyncIterator[tuple[Counter, Store]]":
    """One account on the open store; what happened is kept before the store is closed."""
    from proxyfleet.assembly.shopping import Shopping
    from proxyfleet.services.recording import Recorder

    async with session.opened(missing) as opened:
        recorder = Recorder(opened.store)
        shopping = Shopping(dict(session.loaded.settings.providers), opened.store, recorder.note)
        try:
            async with shopping.counters([name]) as found:
                yield found[name], opened.store
        finally:
            await recorder.flush()
