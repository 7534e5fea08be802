"""P18: how many lines of proxy text a second get their verdict, one process, one core.

The 142,419-line sample is used where it lies beside the repository, else a list of the same shape is generated.
"""

import random
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.row import Row
from proxyfleet.wire.text import read

SAMPLE = Path(__file__).parents[2] / "shared/samples/gfpcom_http_142k.txt"
LINES = 120_000
RUNS = 5
CHUNK = 65_536
BAR = 200_000
SIX_FORMS = (
    "{host}:{port}",
    "socks5://{host}:{port}",
    "{host}:{port}:{user}:{word}",
    "http://{user}:{word}@{host}:{port}",
    "{user}:{word}:{host}:{port}",
    "http://{user}:{word}@[2a0b:f4c0:{port:x}::{port:x}]:{port}",
)
RARE_FORMS = (
    "{host}:{port}:United States",
    "{host}:{port} DE-H-S! +",
    "{host}|{port}|{user}|{word}",
    "socks5://{host}:{port},US,Ashburn",
    "IP: {host} Port: {port} User: {user} Password: {word}",
    "{host}:{port}:{user}:{word}[https://change.example/{user}]",
    "{host}:9{port:05}",
    "Free proxies of today",
)


def generated(forms: tuple[str, ...], lines: int = LINES) -> bytes:
    """A list in which the forms take turns, with addresses that are parsed and never contacted."""
    rng = random.Random(18)
    texts = []
    for number in range(lines):
        host = f"{rng.randrange(11, 90)}.{rng.randrange(256)}.{rng.randrange(256)}.{rng.randrange(256)}"
        user, word = f"user-{number}", f"{rng.getrandbits(48):012x}x"
        texts.append(forms[number % len(forms)].format(host=host, port=rng.randrange(1, 65536), user=user, word=word))
    return "\n".join(texts).encode()


def verdicts(data: bytes) -> int:
    """Read a list as a stream and count its verdicts."""
    chunks = (data[start : start + CHUNK] for start in range(0, len(data), CHUNK))
    return sum(1 for _ in read(chunks, format="text"))


def splits(data: bytes) -> int:
    """The yardstick: split lines at their colons, deciding nothing."""
    return sum(1 for line in data.decode().split("\n") if line.split(":"))


def rate(work: Callable[[bytes], int], data: bytes) -> float:
    """Lines a second: the median of RUNS runs."""
    figures = []
    for _ in range(RUNS):
        began = time.perf_counter()
        count = work(data)
        figures.append(count / (time.perf_counter() - began))
    return statistics.median(figures)


def run() -> list[Row]:
    """One row for each kind of list; the last is for information, the bar is about the common forms."""
    real = SAMPLE.exists()
    plain = SAMPLE.read_bytes() if real else generated(SIX_FORMS[1:2])
    lists = [
        (f"parse, 142k lines of a free list{'' if real else ' (generated)'}", plain, True),
        ("parse, six forms in turn, with credentials and IPv6", generated(SIX_FORMS), True),
        ("parse, eight rare and rejected forms in turn", generated(RARE_FORMS), False),
    ]
    rows = []
    for what, data, judged in lists:
        figure = rate(verdicts, data)
        yardstick = f"str.split: {rate(splits, data):,.0f} lines/s"
        bar = f"{BAR:,} lines/s" if judged else ""
        rows.append(Row("P18", what, f"{figure:,.0f} lines/s", bar, yardstick, figure >= BAR if judged else None))
    return rows
