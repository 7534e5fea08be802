"""Hostile lists: a verdict for each random line, in bounded time (R16). The seed is in the failure.

100,000 lines from one seed; with PROXYFLEET_SOAK a million, and then from another seed each time.
"""

import os
import random
import time
from collections import Counter

from proxyfleet.wire.text import REASONS, read

SOAK = os.environ.get("PROXYFLEET_SOAK", "") not in ("", "0")
SEED = random.randrange(2**32) if SOAK else 20261120
LINES = 1_000_000 if SOAK else 100_000
SECONDS = 60 * LINES // 100_000
CLEAN_START = b"# the first bytes decide whether a file is text\n" * 100
HOSTS = [
    "192.0.2.1",
    "8.8.8.8",
    "gw.example.com",
    "[2001:db8::1]",
    "2001:db8::5",
    "127.1",
    "0x7f.1",
    "999.1.1.1",
    "01.2.3.4",
]
WORDS = [
    "80",
    "8080",
    "65536",
    "0",
    "alice",
    "p@ss",
    "s3cret",
    "%40",
    "US",
    "United States",
    "1.1.1.1",
    "1.1.1.1:80",
    "two words",
]
SCHEMES = ["", "", "", "http://", "socks5://", "ss://", "HTTPS://", "//", "socks5 "]
ODD = [
    ":", ":", ":", "@", "@", " ", "\t", "|", ",", ";", "[", "]", "[https://change.example/]", "#", "=>", "%", "CO-N-S! +", "IP: ",
    "Port: ", "端口：", "密码: ", "é", "\u202e", "\x00", "\x1b", "\ud7ff", "🇺🇸", '"', "'", "<td>", "{", "}",
]  # fmt: skip
PIECES = [*HOSTS, *WORDS, *SCHEMES, *ODD]


def random_line(rng: random.Random) -> bytes:
    kind = rng.random()
    if kind < 0.4:
        parts = [rng.choice(SCHEMES), rng.choice(HOSTS)]
        for _ in range(rng.randrange(5)):
            parts += [rng.choice(":::@ \t|,;"), rng.choice(WORDS)]
        return "".join(parts).encode()
    if kind < 0.7:
        return "".join(rng.choices(PIECES, k=rng.randrange(1, 9))).encode()
    if kind < 0.9:
        return rng.randbytes(rng.randrange(60)).replace(b"\n", b"").replace(b"\r", b"")
    return rng.choice([b":", b"a:", b"1.", b"[", b"@", b" ", b"1:1:"]) * rng.randrange(500)


def test_random_lines_get_verdicts_in_bounded_time() -> None:
    rng = random.Random(SEED)
    lines = [random_line(rng) for _ in range(LINES)]
    data = CLEAN_START + b"\n".join(lines)
    reasons: Counter[str | None] = Counter()
    started = time.process_time()
    last = 0
    for verdict in read([data[at : at + 65536] for at in range(0, len(data), 65536)], format="text"):
        assert (verdict.entry is None) == (verdict.reason in REASONS), f"seed {SEED}, line {verdict.line}"
        assert last <= verdict.line <= LINES + 100, f"seed {SEED}, line {verdict.line}"
        last = verdict.line
        reasons[verdict.reason] += 1
    assert time.process_time() - started < SECONDS, f"seed {SEED}"
    assert reasons.total() > LINES * 0.9
    assert len(reasons) >= 12


def test_random_files_of_every_format_never_fail() -> None:
    rng = random.Random(SEED)
    starts = [b"{", b"[", b"<table>", b"<?xml?>", b"ip,port\n", b'[{"ip":', b"\xef\xbb\xbf", b"\xff\xfe", b'{"a":1}\n{']
    for round_ in range(3_000):
        data = rng.choice(starts) + b"\n".join(
            random_line(rng)[:80].replace(b"\0", b"") for _ in range(rng.randrange(6))
        )
        for name in ("auto", "csv", "json", "ndjson", "html", "xml"):
            for verdict in read([data], format=name):
                assert (verdict.entry is None) == (verdict.reason in REASONS), f"seed {SEED}, round {round_}, {data!r}"
