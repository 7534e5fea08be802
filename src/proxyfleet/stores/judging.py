"""What becomes of a list that is to be stored, told by what is stored already. Pure, and one meaning for stores with tables.

What a known proxy becomes is `stores.merging`; here it is done for many at once.
"""

from collections.abc import Sequence

from proxyfleet.core.proxy import Labels, Proxy, Status, with_ids
from proxyfleet.ports import Stored
from proxyfleet.stores.merging import PLAIN_LABELS, merged, merged_labels, settled

Identity = tuple[str, str, int, str | None]


def judged(proxies: Sequence[Proxy], stored: dict[Identity, Proxy], next_id: int) -> list[Stored]:
    """One answer each, in order, after those before it; ids of new ones begin at `next_id`.

    `stored` holds what is known of these identities, and afterwards what is to be stored.
    """
    identities = [proxy.identity for proxy in proxies]
    fresh = _fresh(identities, proxies, stored, next_id)
    labels = SameLabels()
    answers: list[Stored] = []
    for identity, proxy in zip(identities, proxies, strict=True):
        known = stored.get(identity)
        if known is None:
            stored[identity] = known = fresh[identity]
            answers.append(Stored("added", known))
        elif tells_nothing(known, proxy, labels):
            answers.append(Stored("duplicate", known))
        else:
            stored[identity] = after = merged(known, proxy)
            answers.append(Stored("updated", after))
    return answers


def _fresh(
    identities: Sequence[Identity], proxies: Sequence[Proxy], stored: dict[Identity, Proxy], next_id: int
) -> dict[Identity, Proxy]:
    """The records under their ids of whatever is new; the first of each identity counts."""
    firsts: dict[Identity, Proxy] = {}
    for identity, proxy in zip(identities, proxies, strict=True):
        if identity not in stored:
            firsts.setdefault(identity, proxy)
    made = with_ids(list(firsts.values()), next_id)
    return dict(zip(firsts, (one if one.details is None else settled(one, one.id) for one in made), strict=True))


class SameLabels:
    """Whether labels tell nothing that the stored ones do not say; a list repeats the same few pairs over and over."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, int], tuple[bool, Labels, Labels]] = {}
        """The labels are kept too, so that their places in memory stay theirs."""

    def __call__(self, stored: Labels, new: Labels) -> bool:
        """True when merging them gives the stored ones."""
        key = (id(stored), id(new))
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = (merged_labels(stored, new) == stored, stored, new)
        return found[0]


def bare(proxies: Sequence[Proxy]) -> list[int]:
    """Positions of those that say where they are and what they speak, and nothing else that could be stored."""
    labels = SameLabels()
    return [
        position
        for position, new in enumerate(proxies)
        if new.password is None
        and new.details is None
        and new.capacity is None
        and new.expires_at is None
        and new.status is Status.PENDING
        and not new.require_check
        and labels(PLAIN_LABELS, new.labels)
    ]


def tells_nothing(stored: Proxy, new: Proxy, labels: SameLabels) -> bool:
    """Whether merging would change nothing, found out without merging."""
    return (
        new.scheme is stored.scheme
        and (new.status is Status.PENDING or stored.status in (Status.DISABLED, new.status))
        and (new.password is None or new.password == stored.password)
        and (new.capacity is None or new.capacity == stored.capacity)
        and (new.expires_at is None or new.expires_at == stored.expires_at)
        and (stored.require_check or not new.require_check)
        and labels(stored.labels, new.labels)
        and (new.details is None or merged(stored, new).details == stored.details)
    )
