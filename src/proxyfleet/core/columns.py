"""The hot state of every proxy, as columns indexed by slot number. Storage only: what the numbers mean is decided elsewhere.

A slot is a dense number that a proxy has while it is in the fleet; slots of removed proxies are used again. Columns cost
a quarter of what objects cost and keep the garbage collector out of a million proxies.
"""

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


class Columns:
    """Arrays of equal length, one entry a slot; `grow` lengthens them all. Instants and times are float seconds."""

    def __init__(self) -> None:
        self.size = 0
        self.ids = array("q")
        self.profile = array("i")
        self.port = array("H")
        self.flags = array("H")
        self.circuit = bytearray()
        self.standing = bytearray()
        self.last_error = bytearray()
        self.reputation = bytearray()
        self.weight = bytearray()
        self.health = array("d")
        self.success_rate = array("d")
        self.response_time = array("d")
        self.streak = array("H")
        self.successes = array("I")
        self.failures = array("I")
        self.strangers = array("I")
        """Failed attempts that were not the proxy's fault."""
        self.last_success = array("d")
        self.last_failure = array("d")
        self.last_used = array("d")
        self.turn = array("Q")
        """Grows with every use in the fleet: the order of least recent use."""
        self.rest_until = array("d")
        self.expires = array("d")
        self.due = array("d")
        self.capacity = array("I")
        self.leases = array("I")
        self.active = array("I")
        self.lead = array("i")
        """The slot whose capacity counts: its own, or that of the leader of its capacity group."""
        self.peak = array("f")
        self.peak_at = array("d")
        self.window_start = array("d")
        self.window_tries = array("H")
        self.window_successes = array("H")

    def grow(self, size: int) -> None:
        """Lengthen every column to `size` slots; new entries are those of an unused slot."""
        extra = size - self.size
        if extra <= 0:
            return
        for column in self._zeroed():
            column.extend(bytes(extra) if isinstance(column, bytearray) else array(column.typecode, [0]) * extra)
        for column in (self.success_rate, self.response_time, self.last_success, self.last_failure, self.last_used):
            column.extend(array("d", [UNKNOWN]) * extra)
        for column in (self.rest_until, self.expires, self.due):
            column.extend(array("d", [INFINITY]) * extra)
        self.peak.extend(array("f", [UNKNOWN]) * extra)
        self.lead.extend(range(self.size, size))
        self.size = size

    def _zeroed(self) -> tuple["array[int] | array[float] | bytearray", ...]:
        return (
            self.ids, self.profile, self.port, self.flags, self.circuit, self.standing, self.last_error,
            self.reputation, self.weight, self.health, self.streak, self.successes, self.failures, self.strangers,
            self.turn, self.capacity, self.leases, self.active, self.peak_at, self.window_start,
            self.window_tries, self.window_successes,
        )  # fmt: skip

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
