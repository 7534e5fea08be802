"""The one way money is spent: quote, budget, intent written and committed, ONE call, settle (SPEC B4).

An order whose answer was lost is never sent again; `reconciling` settles it by the provider's list. While an order of a
provider is open, no other one is sent to it: two could not be told apart on the list.
"""

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final, NamedTuple, Protocol

from proxyfleet.clock import Clock
from proxyfleet.core.errors import DuplicatePurchase
from proxyfleet.core.events import Event, Happened
from proxyfleet.core.proxy import Proxy
from proxyfleet.core.purchase import Item, Money, Placed, Purchase, PurchaseState, Quote, Verb, Wish
from proxyfleet.core.settling import TAG, expiries_of, told_by
from proxyfleet.core.spending import OPEN, written
from proxyfleet.ports import Stored
from proxyfleet.ports.buying import Away, PurchaseBook, Refused
from proxyfleet.services.accounts import Account, BuyingFailed, Listed, listed, monthly, owned, told_apart

Note = Callable[[Event], None]
Call = Callable[[], Awaitable[Placed]]
CALL_WITHIN: Final = 60.0
"""Seconds from an intent to its call: a process that was frozen longer must not call, others may have settled it."""
EVERY: Final = 1_000_000
SURE: Final = (*OPEN, PurchaseState.VOID)
"""What the provider's own answer overrules."""


class Shelf(Protocol):
    """The part of the inventory that buying needs."""

    async def put(self, proxies: Sequence[Proxy], *, dry_run: bool = False) -> list[Stored]: ...


class Order(NamedTuple):
    """`cause` says who or what wants it; with a `tag` used before nothing is bought again. `most`: not for more than that."""

    cause: str
    tag: str
    most: Money | None = None


@dataclass(frozen=True, slots=True)
class Buying:
    """Spends the money of one account. `note` gets what happened."""

    account: Account
    book: PurchaseBook
    shelf: Shelf
    clock: Clock
    note: Note

    async def quote(self, wish: Wish, prolonged: Sequence[Item] = ()) -> Quote:
        """What it would cost now. Raises `BuyingFailed`."""
        self.account.need("quote")
        async with told_apart(self.account):
            return await self.account.provider.quote(wish, prolonged)

    async def buy(self, wish: Wish, order: Order) -> Purchase:
        """New proxies, into the inventory as far as they come at once. Raises `BuyingFailed`."""
        if (before := await self.known(order.tag)) is not None:
            return before
        self.account.need("buy")
        there = await self._ready()
        price = self._agreed(await self.quote(wish), order)
        purchase = self._intent("buy", wish, price, order, there.items)
        return await self._spend(purchase, lambda: self.account.provider.buy(wish, order.tag))

    async def prolong(self, items: Sequence[Item], days: int, order: Order) -> Purchase:
        """These run so many days longer; they must be as listed just now. Raises `BuyingFailed`."""
        if (before := await self.known(order.tag)) is not None:
            return before
        self.account.need("prolong")
        if any(item.proxy.expires_at is None for item in items) or not items:
            raise BuyingFailed("bad_terms", "only proxies with an expiry date can be prolonged; name some of those")
        await self._idle()
        wish = Wish(len(items), days)
        price = self._agreed(await self.quote(wish, items), order)
        purchase = self._intent("prolong", wish, price, order, items)
        return await self._spend(purchase, lambda: self.account.provider.prolong(items, days))

    async def replace(self, items: Sequence[Item], reason: str, order: Order) -> Purchase:
        """Others in their place; providers ask no money for it, but count how often. Raises `BuyingFailed`."""
        if (before := await self.known(order.tag)) is not None:
            return before
        self.account.need("replace")
        await self._idle()
        free = Money(Decimal(0), self.account.budget(self.clock()).limit.currency)
        purchase = self._intent("replace", Wish(len(items), 0), free, order, items)
        return await self._spend(purchase, lambda: self.account.provider.replace(items, reason))

    async def known(self, tag: str) -> Purchase | None:
        """What was bought under that tag before."""
        every = await self.book.purchases(limit=EVERY)
        return next((one for one in every if one.tag == tag), None)

    # before the call ------------------------------------------------------------------------------------------------

    async def _ready(self) -> Listed:
        """Nothing is open, and this is what the account holds: what a lost answer will be judged by."""
        await self._idle()
        return await listed(self.account, self.clock())

    async def _idle(self, but: str = "") -> None:
        for one in await self.book.purchases(provider=self.account.name, states=OPEN):
            if one.tag != but:
                remedy = "wait until the list has settled it, or say `proxyfleet providers settle`"
                raise BuyingFailed("unsettled", f"purchase {one.tag} from {self.account.name} is still open; {remedy}")

    def _agreed(self, quote: Quote, order: Order) -> Money:
        price, most = quote.price, order.most
        if most is not None and (price.currency != most.currency or price.amount > most.amount):
            raise BuyingFailed("too_dear", f"it costs {written(price)} now, not {written(most)}; ask for a quote again")
        return price

    def _intent(self, verb: Verb, wish: Wish, price: Money, order: Order, items: Collection[Item]) -> Purchase:
        if not order.tag.startswith(TAG):
            raise ValueError(f"tags begin with {TAG}")
        return Purchase(order.tag, self.account.name, verb, wish, price, self.clock(), order.cause, expiries_of(items))

    async def _intend(self, purchase: Purchase) -> Purchase | None:
        """Written down and committed: None; or what another process has written under the tag meanwhile."""
        try:
            left = await self.book.intend(purchase, self.account.budget(purchase.at))
        except DuplicatePurchase:
            return await self.known(purchase.tag)
        if left is not None:
            told = f"it costs {written(purchase.price)}, and {written(left)} of the month's budget is left"
            raise BuyingFailed("budget", f"not bought from {self.account.name}: {told}; raise `budget`, or wait")
        return None

    # the call and what follows --------------------------------------------------------------------------------------

    async def _spend(self, purchase: Purchase, call: Call) -> Purchase:
        if (before := await self._intend(purchase)) is not None:
            return before
        try:
            await self._idle(but=purchase.tag)  # another node may have written one at the same time: neither sees none
        except BuyingFailed as error:
            await self._settled(purchase, PurchaseState.VOID, "another purchase was under way")
            raise BuyingFailed(error.code, str(error)) from None
        if self.clock() - purchase.at > CALL_WITHIN:
            await self._settled(purchase, PurchaseState.VOID, "nobody called in time")
            raise BuyingFailed("late", "this process was held up between intent and order; try again", purchase.tag)
        return await self._called(purchase, call)

    async def _called(self, purchase: Purchase, call: Call) -> Purchase:
        """Whoever is cancelled here leaves an intent, which the list will settle."""
        try:
            placed = await call()
        except Refused as error:
            refused = await self._settled(purchase, PurchaseState.REFUSED, str(error))
            self.say(Happened.PURCHASE_FAILED, refused)
            raise BuyingFailed(error.code, self._told(error), purchase.tag) from error
        except Away as error:
            await self._settled(purchase, PurchaseState.VOID, str(error))
            raise BuyingFailed("away", self._told(error), purchase.tag) from error
        except Exception as error:
            lost = await self._settled(purchase, PurchaseState.UNCLEAR, str(error) or type(error).__name__)
            self.say(Happened.PURCHASE_UNCLEAR, lost)
            told = f"{self._told(error)}; it counts as spent until the list settles it, do not order again"
            raise BuyingFailed("unclear", told, purchase.tag) from error
        return await self._taken(purchase, placed)

    def _told(self, error: Exception) -> str:
        """What went wrong, and at whom; most errors of providers name themselves."""
        name, words = f"provider {self.account.name}: ", str(error) or type(error).__name__
        return words if words.startswith(name) else name + words

    async def _taken(self, purchase: Purchase, placed: Placed) -> Purchase:
        """First the proxies, then the word that they are there: after a crash in between the list tells it again."""
        price = placed.price or purchase.price
        kept = await self._kept(replace(purchase, price=price), placed.items)
        state = PurchaseState.PLACED
        if purchase.verb == "prolong":
            state = told_by(replace(purchase, state=state), placed.items, self.clock()).state
        elif len(placed.items) >= purchase.wish.count:
            state = PurchaseState.DONE
        settled = replace(
            purchase, state=state, order=placed.order, price=price, settled=self.clock(), because="the provider took it"
        )
        await self.book.settle(settled, SURE)
        self.tell(settled, kept)
        return settled

    async def _kept(self, purchase: Purchase, items: Sequence[Item]) -> list[Stored]:
        each = monthly(purchase.price, purchase.wish.count, purchase.wish.days) if purchase.verb == "buy" else None
        return await self.shelf.put(owned(self.account, items, each)) if items else []

    def tell(self, purchase: Purchase, kept: Sequence[Stored]) -> None:
        """What was bought or prolonged, as events."""
        now, price = self.clock(), written(purchase.price)
        if purchase.verb == "prolong":
            for one in kept:
                until = one.proxy.expires_at or 0.0
                reason = f"{purchase.wish.days} days more, {purchase.wish.count} proxies for {price}; {purchase.cause}"
                self.note(Event(Happened.PROXY_RENEWED, now, one.proxy.id, reason=reason, until=until))
        elif purchase.state in (PurchaseState.DONE, PurchaseState.PLACED):
            count = purchase.wish.count
            reason = f"{count} proxies, {purchase.verb} for {price}; {purchase.cause}"
            self.note(Event(Happened.PROXIES_BOUGHT, now, reason=reason, subject=self.account.name, count=count))

    def say(self, what: Happened, purchase: Purchase) -> None:
        """That a purchase went wrong, and how."""
        reason = (
            f"{purchase.tag}, {purchase.verb} {purchase.wish.count} for {written(purchase.price)}: {purchase.because}"
        )
        self.note(Event(what, self.clock(), reason=reason, subject=self.account.name, count=purchase.wish.count))

    async def _settled(self, purchase: Purchase, state: PurchaseState, because: str) -> Purchase:
        settled = replace(purchase, state=state, because=because, settled=self.clock())
        await self.book.settle(settled, {PurchaseState.INTENDED})
        return settled
