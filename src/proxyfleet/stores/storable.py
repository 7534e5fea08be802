"""Orders that no database can hold: a text that is no text, a number that is too large. They spoil no other of their batch."""

from collections.abc import Sequence

from proxyfleet.core.orders import Answer, Claim, Decided, Order, Reassign, Refused, Take
from proxyfleet.stores.deciding import Decider
from proxyfleet.stores.memory_claims import MemoryBooks

NUMBERS = 2**31, 2**63
"""Beyond these a database cannot hold a slot, or an id."""


def storable(value: object) -> bool:
    """Whether a database can hold every text and number in it."""
    if isinstance(value, str):
        return ("\0" not in value and value.isprintable()) or _encodes(value)
    if isinstance(value, tuple):
        slot = getattr(value, "slot", 0)
        return isinstance(slot, int) and abs(slot) < NUMBERS[0] and all(storable(one) for one in value)
    return not isinstance(value, int) or abs(value) < NUMBERS[1]


def _encodes(text: str) -> bool:
    try:
        return "\0" not in text and bool(text.encode() or True)
    except UnicodeEncodeError:
        return False


def with_refused(orders: Sequence[Order], decided: Decided) -> Decided:
    """The answers to all orders, where only the storable ones were asked."""
    answers = iter(decided.answers)
    return decided._replace(
        answers=[next(answers) if storable(order) else refused(order, decided.now) for order in orders]
    )


def refused(order: Order, now: float) -> Answer:
    """The answer to an order that cannot be stored. Who only asks about something gets to hear that it is not there."""
    if isinstance(order, Claim | Take | Reassign) and not all(map(_encodes, _texts(order))):
        return Refused("bad_text")
    (answer,) = Decider(MemoryBooks(lambda _: None), now).decide([order])
    return answer


def _texts(value: object) -> list[str]:
    if isinstance(value, tuple):
        return [text for one in value for text in _texts(one)]
    return [value] if isinstance(value, str) else []
