"""The hot state of every proxy, as columns indexed by slot number. Storage only: what the numbers mean is decided elsewhere.

A slot is a dense number that a proxy has while it is in the fleet; slots of removed proxies are used again. Columns cost
a quarter of what objects cost and keep the garbage collector out of a million proxies.
"""

import struct
from array import array
from collections.abc import Iterable, Sequence

INFINITY = float("inf")
UNKNOWN = -1.0
"""Stands for "not observed yet" in the columns of averages and of past instants."""

# flags
USED = 1
DISABLED = 2
REFUSED = 4
"""The proxy's own credentials were refused: a hard state."""
GATED = 8
"""Pending and not to be handed out before it is proven, or found dead by a check."""
PENDING = 16
WORKED = 32
"""Has worked at least once; only these count for the fleet-wide guard."""
RESTING = 64
"""Held back for failures until `rest_until`."""
SUPPRESSED = 128
"""Would rest, but the guard did not allow it: stays in rotation, marked degraded."""
PROBING = 256
"""Its one permitted probe is out."""
SCORE_PROBE = 512
"""May be picked once although its score is too low."""
STARTING = 1024
"""In slow start after its circuit closed."""
CHECK_FIRST = 2048
"""While it is pending it is gated."""
OUT = USED | DISABLED | REFUSED | GATED
"""`flags & OUT == USED` means: no hard state."""

# circuit
CLOSED, OPEN, HALF_OPEN = 0, 1, 2
CIRCUITS = ("closed", "open", "half_open")

# standing
ABSENT, HELD, FULL, READY = 0, 1, 2, 3
"""Hard state or removed; held back softly; no free slot; may be picked."""


LAYOUT = (
    ("d", "peak_at", "peak", "window_start", "success_rate", "response_time", "last_success"),
    ("I", "successes"),
    ("H", "streak", "window_tries", "window_successes", "flags"),
    ("I", "failures", "strangers", "profile"),
    ("d", "health", "due"),
    ("B", "circuit", "standing", "reputation", "weight"),
    ("I", "bins"),
    ("Q", "turn"),
    ("d", "last_used"),
    ("I", "ids", "active", "leases", "capacity", "group"),
    ("H", "port"),
    ("B", "last_error", "untold"),
    ("d", "last_failure", "rest_until", "expires"),
)  # fmt: skip
"""The fields of one slot in the order of a row, by their codes of `struct`; every field lies at a multiple of its size.

What an outcome changes comes first, then what it looks at, then what a pick touches, then the rest: each of the three
lies within one or two cache lines, and the first two are read and written in one step each.
"""
NAMES = tuple(name for _, *names in LAYOUT for name in names)


def _struct(groups: int) -> struct.Struct:
    return struct.Struct("@" + "".join(f"{len(names)}{code}" for code, *names in LAYOUT[:groups]))


ROW = _struct(len(LAYOUT))
"""One slot: 160 bytes."""
WIDTH = ROW.size
BOOKED = _struct(3)
"""What booking an outcome changes: from `peak_at` to `flags`."""
SCORED = _struct(6)
"""The same, and what scoring looks at: up to `weight`."""
UNUSED = {
    **dict.fromkeys(("success_rate", "response_time", "last_success", "last_failure", "last_used", "peak"), UNKNOWN),
    **dict.fromkeys(("due", "expires", "rest_until"), INFINITY),
}
"""What an unused slot holds where it is not 0."""


PIECE = 4096
"""Rows that growing makes at once, so that it needs little more memory than they do in the end."""


class Columns:
    """One column a quantity, indexed by slot; `grow` lengthens them all. Instants and times are float seconds.

    The columns are strided views into one buffer of `rows`, which may move when it grows: always go through the
    attribute, never keep a column. Slot n is row n: `BOOKED` and `SCORED` read several fields of one in a single step.
    """

    __slots__ = ("peak_tau", "rows", "size", *NAMES)

    success_rate: "memoryview[float]"
    response_time: "memoryview[float]"
    last_success: "memoryview[float]"
    last_failure: "memoryview[float]"
    last_used: "memoryview[float]"
    health: "memoryview[float]"
    window_start: "memoryview[float]"
    peak: "memoryview[float]"
    peak_at: "memoryview[float]"
    due: "memoryview[float]"
    expires: "memoryview[float]"
    rest_until: "memoryview[float]"
    turn: "memoryview[int]"
    """Grows with every use in the fleet: the order of least recent use."""
    ids: "memoryview[int]"
    successes: "memoryview[int]"
    failures: "memoryview[int]"
    strangers: "memoryview[int]"
    """Failed attempts that were not the proxy's fault."""
    capacity: "memoryview[int]"
    leases: "memoryview[int]"
    active: "memoryview[int]"
    group: "memoryview[int]"
    """The number of those behind one exit, where they share a capacity; 0 for one that stands alone."""
    profile: "memoryview[int]"
    bins: "memoryview[int]"
    """1 + where the slot's latency histogram begins; 0 for none."""
    flags: "memoryview[int]"
    streak: "memoryview[int]"
    window_tries: "memoryview[int]"
    window_successes: "memoryview[int]"
    port: "memoryview[int]"
    circuit: "memoryview[int]"
    standing: "memoryview[int]"
    reputation: "memoryview[int]"
    weight: "memoryview[int]"
    last_error: "memoryview[int]"
    untold: "memoryview[int]"
    """1 while there is something that the other nodes have not been told."""

    def __init__(self) -> None:
        self.size = 0
        self.peak_tau = 10.0
        """Seconds in which a peak latency fades to a third (`Rules.ewma_tau`)."""
        self.rows = bytearray()
        self._view()

    def grow(self, size: int) -> None:
        """Lengthen every column to `size` slots; new entries are those of an unused slot."""
        before = self.size
        if size <= before:
            return
        unused = ROW.pack(*(UNUSED.get(name, 0) for _, *names in LAYOUT for name in names))
        for name in NAMES:
            delattr(self, name)  # a buffer that is looked at cannot be lengthened
        for done in range(before, size, PIECE):
            self.rows += unused * min(PIECE, size - done)
        self.size = size
        self._view()

    def row(self, slot: int) -> bytes:
        """Everything about one slot, as `stamp` takes it."""
        return bytes(self.rows[slot * WIDTH : (slot + 1) * WIDTH])

    def stamp(self, first: int, rows: Sequence[bytes], ids: Iterable[int], ports: Iterable[int]) -> None:
        """Make the slots from `first` on like these rows, each with its own id and port."""
        end = first + len(rows)
        self.rows[first * WIDTH : end * WIDTH] = b"".join(rows)
        self.ids[first:end] = memoryview(array("I", ids))
        self.port[first:end] = memoryview(array("H", ports))

    def _view(self) -> None:
        whole = memoryview(self.rows)
        offset = 0
        for code, *names in LAYOUT:
            items: memoryview[float] | memoryview[int] = whole.cast(code)  # type: ignore[call-overload]
            for name in names:
                setattr(self, name, items[offset // items.itemsize :: WIDTH // items.itemsize])
                offset += items.itemsize

    def forget(self, slot: int) -> None:
        """Clear what was learnt about the slot; identity, labels, capacity, leases and expiry stay."""
        self.circuit[slot] = CLOSED
        self.last_error[slot] = 0
        self.streak[slot] = self.successes[slot] = self.failures[slot] = self.strangers[slot] = 0
        self.window_tries[slot] = self.window_successes[slot] = 0
        self.window_start[slot] = self.peak_at[slot] = 0.0
        self.success_rate[slot] = self.response_time[slot] = self.peak[slot] = UNKNOWN
        self.last_success[slot] = self.last_failure[slot] = UNKNOWN
        self.rest_until[slot] = INFINITY

    def uses(self, slot: int) -> int:
        """Attempts so far, whoever was at fault."""
        return self.successes[slot] + self.failures[slot] + self.strangers[slot]

    def load(self, slot: int) -> int:
        """What the proxy carries now: leases and requests or tunnels in flight."""
        return self.leases[slot] + self.active[slot]
