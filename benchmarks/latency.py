"""P16: what ours adds to the time of a request at half load, beside HAProxy in the same place.

Kept-alive GETs over 32 connections at a fixed mean rate, half of what ours served at most just before, whoever is measured. A
request's time counts from when it was due, so that waiting for a free connection counts too. Rounds are interleaved; of each
proxy the median of the rounds' p99 is taken, because one pause of the machine spoils a round.

    python -m benchmarks.latency pace PORT RATE SECONDS
"""

import json
import random
import select
import shutil
import socket
import statistics
import subprocess
import sys
import time
from collections import deque

from benchmarks import gateway
from benchmarks.gateway_load import CONNECTIONS, FIELD
from benchmarks.rivals import Rival, together
from benchmarks.row import Row

ROUNDS, SECONDS = 7, 2.0
BAR = 0.5
PATIENCE = 5.0
REQUEST = (f"GET http://origin.test/ HTTP/1.1\r\nHost: origin.test\r\nProxy-Authorization: {FIELD}\r\n\r\n").encode()
BODY = 128


class Pace:
    """Requests fall due at random moments (a Poisson process, the same for everybody), each goes out on a free connection."""

    def __init__(self, port: int, rate: float) -> None:
        self._rng, self._rate = random.Random(1), rate
        self._sockets = [socket.create_connection(("127.0.0.1", port)) for _ in range(CONNECTIONS)]
        for sock in self._sockets:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._free = list(self._sockets)
        self._asked: dict[socket.socket, float] = {}
        self._got: dict[socket.socket, bytes] = {}
        self._due: deque[float] = deque()
        self.times: list[float] = []

    def run(self, seconds: float) -> None:
        """select waits by the microsecond, which event loops do not."""
        began = time.perf_counter()
        due = began
        while (now := time.perf_counter()) < began + seconds or self._asked:
            while due <= now and due < began + seconds:
                self._due.append(due)
                due += self._rng.expovariate(self._rate)
            while self._due and self._free:
                sock = self._free.pop()
                self._asked[sock], self._got[sock] = self._due.popleft(), b""
                sock.sendall(REQUEST)
            if now > began + seconds + PATIENCE:
                raise SystemExit(f"{len(self._asked)} requests were not answered")
            for sock in select.select(self._sockets, [], [], max(due - now, 0.0) if due > now else 0.0)[0]:
                self._answered(sock)

    def _answered(self, sock: socket.socket) -> None:
        self._got[sock] += sock.recv(65536)
        got = self._got[sock]
        head = got.find(b"\r\n\r\n")
        if head < 0 or len(got) < head + 4 + BODY:
            return
        if not got.startswith(b"HTTP/1.1 200"):
            raise SystemExit(f"refused: {got[:60]!r}")
        self.times.append(time.perf_counter() - self._asked.pop(sock))
        self._free.append(sock)


def paced(port: int, rate: float, seconds: float) -> dict[str, float]:
    """Quantiles in milliseconds, and how many were served."""
    pace = Pace(port, rate)
    pace.run(seconds)
    cuts = statistics.quantiles(pace.times, n=100)
    return {"p50": cuts[49] * 1e3, "p99": cuts[98] * 1e3, "served": float(len(pace.times))}


def one_round(rival: Rival, rate: float) -> dict[str, float]:
    """In a process of its own, on the load's core."""
    command = [sys.executable, "-m", "benchmarks.latency", "pace", str(rival.port), str(rate), str(SECONDS)]
    found: dict[str, float] = json.loads(subprocess.check_output(command))
    return found


def run() -> list[Row]:
    """One row; half a minute."""
    what = "gateway: p99 at half load"
    if shutil.which("wrk") is None:
        return [Row("P16", what, "-", f"+ {BAR} ms over haproxy", "missing: wrk", None)]
    with together("proxyfleet", "haproxy") as place:
        ours, other = place.of("proxyfleet"), place.of("haproxy")
        if ours is None or other is None:
            return [Row("P16", what, "-", f"+ {BAR} ms over haproxy", "missing: haproxy", None)]
        rate = max(gateway.gets(ours.port, place.folder) for _ in range(2)) / gateway.SECONDS / 2
        rounds = [(one_round(ours, rate), one_round(other, rate)) for _ in range(ROUNDS)]
    mine, theirs = (statistics.median(pair[side]["p99"] for pair in rounds) for side in (0, 1))
    middle, their_middle = (statistics.median(pair[side]["p50"] for pair in rounds) for side in (0, 1))
    added = mine - theirs
    figure = f"{added:+.2f} ms (p99 {mine:.2f}, p50 {middle:.2f}) at {rate:,.0f}/s"
    beside = f"haproxy p99 {theirs:.2f}, p50 {their_middle:.2f} ms"
    return [Row("P16", what, figure, f"+ {BAR} ms over haproxy", beside, added <= BAR)]


def main() -> None:
    """Nothing: print the row. `pace`: the load."""
    if sys.argv[1:2] == ["pace"]:
        port, rate, seconds = sys.argv[2:]
        print(json.dumps(paced(int(port), float(rate), float(seconds))))
        return
    for line in run():
        print(line)


if __name__ == "__main__":
    main()
