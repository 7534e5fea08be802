"""An account that offers nothing: what each provider does not override is refused, in one and the same way."""

from collections.abc import AsyncIterator, Sequence

from proxyfleet.core.purchase import Item, Money, Placed, Quote, Wish
from proxyfleet.ports.buying import Ability, Refused
from proxyfleet.providers.kind import Account, BadProvider

YES_NO = {"yes": True, "true": True, "on": True, "no": False, "false": False, "off": False, "": False}


class Seller:
    """See `ports.buying.Provider`."""

    abilities: frozenset[Ability] = frozenset()

    def __init__(self, account: Account) -> None:
        self._account = account
        self._allow_private = self._is_on("allow_private")

    @property
    def name(self) -> str:
        """The name the account has in the settings."""
        return self._account.name

    def items(self) -> AsyncIterator[Sequence[Item]]:
        """All proxies."""
        raise self._no("listing")

    async def balance(self) -> Money:
        """What is on the account."""
        raise self._no("telling a balance")

    async def quote(self, wish: Wish, prolonged: Sequence[Item] = ()) -> Quote:
        """What it would cost."""
        raise self._no("quoting a price")

    async def buy(self, wish: Wish, tag: str) -> Placed:
        """Buy."""
        raise self._no("buying")

    async def prolong(self, items: Sequence[Item], days: int) -> Placed:
        """Pay for more days."""
        raise self._no("prolonging")

    async def replace(self, items: Sequence[Item], reason: str) -> Placed:
        """Have others."""
        raise self._no("replacing")

    def _no(self, what: str) -> Refused:
        return Refused("not_offered", f"provider {self.name}: {what} is not offered over its API; do it on its site")

    def _bad(self, problem: str) -> Refused:
        return Refused("bad_terms", f"provider {self.name}: {problem}")

    def _is_on(self, option: str) -> bool:
        told = self._account.options.get(option, "").strip().lower()
        if told not in YES_NO:
            raise BadProvider(f"provider {self.name}: {option} is yes or no")
        return YES_NO[told]

    def _checked(self, wish: Wish, known: Sequence[str]) -> None:
        """Nothing is asked for that nobody would understand."""
        if wish.count < 1 or wish.days < 1:
            raise self._bad("count and days are at least 1")
        odd = [name for name in wish.terms if name not in known]
        if odd:
            raise self._bad(f"it knows no term {odd[0][:40]!r}; use: {', '.join(known) or 'none'}")

    def _choice(self, option: str, choices: Sequence[str]) -> str:
        """An option that is one of these, by default the first."""
        told = self._account.options.get(option, "") or choices[0]
        if told not in choices:
            raise BadProvider(f"provider {self.name}: {option} is one of: {', '.join(choices)}")
        return told
