"""The hot state of every proxy, as columns indexed by slot number. Storage only: what the numbers mean is decided elsewhere.

A slot is a dense number that a proxy has while it is in the fleet; slots of removed proxies are used again. Columns cost
a quarter of what objects cost and keep the garbage collector out of a million proxies.
"""

import struct
from array import array

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


DOUBLES = (
    "success_rate", "response_time", "last_success", "health", "window_start", "peak", "peak_at", "due",
    "expires", "rest_until", "last_used", "last_failure",
)  # fmt: skip
LONGS = ("turn",)
WORDS = ("successes", "failures", "strangers", "capacity", "leases", "active", "lead", "profile", "bins", "ids")
SHORTS = ("flags", "streak", "window_tries", "window_successes", "port")
BYTES = ("circuit", "standing", "reputation", "weight", "last_error")
ROW = struct.Struct(f"={len(DOUBLES)}d{len(LONGS)}Q{len(WORDS)}I{len(SHORTS)}H{len(BYTES)}B1x")
"""One slot: 160 bytes, so that an outcome touches three cache lines instead of thirty."""
UNUSED = {
    **dict.fromkeys(("success_rate", "response_time", "last_success", "last_failure", "last_used", "peak"), UNKNOWN),
    **dict.fromkeys(("due", "expires", "rest_until"), INFINITY),
}
"""What an unused slot holds where it is not 0."""


class Columns:
    """One column a quantity, indexed by slot; `grow` lengthens them all. Instants and times are float seconds.

    The columns are strided views into one buffer of rows, which is replaced when it grows: always go through the
    attribute, never keep a column.
    """

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
    lead: "memoryview[int]"
    """The slot whose capacity counts: its own, or that of the leader of its capacity group."""
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

    def __init__(self) -> None:
        self.size = 0
        self.peak_tau = 10.0
        """Seconds in which a peak latency fades to a third (`Rules.ewma_tau`)."""
        self._rows = bytearray()
        self._view()

    def grow(self, size: int) -> None:
        """Lengthen every column to `size` slots; new entries are those of an unused slot."""
        before = self.size
        if size <= before:
            return
        names = (*DOUBLES, *LONGS, *WORDS, *SHORTS, *BYTES)
        unused = ROW.pack(*(UNUSED.get(name, 0) for name in names))
        rows = bytearray(unused) * size
        rows[: before * ROW.size] = self._rows
        self._rows = rows
        self.size = size
        self._view()
        self.lead[before:] = memoryview(array("I", range(before, size)))

    def _view(self) -> None:
        whole = memoryview(self._rows)
        offset = self._cut(whole.cast("d"), DOUBLES, 8, 0)
        offset = self._cut(whole.cast("Q"), LONGS, 8, offset)
        offset = self._cut(whole.cast("I"), WORDS, 4, offset)
        offset = self._cut(whole.cast("H"), SHORTS, 2, offset)
        self._cut(whole.cast("B"), BYTES, 1, offset)

    def _cut(
        self, items: "memoryview[float] | memoryview[int]", names: tuple[str, ...], width: int, offset: int
    ) -> int:
        for nth, name in enumerate(names, start=offset // width):
            setattr(self, name, items[nth :: ROW.size // width])
        return offset + width * len(names)

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
