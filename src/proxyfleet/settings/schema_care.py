"""Settings of what a fleet does by itself: looking at sources, and the jobs that come round. A part of `schema`."""

from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from .kinds import BOOLEAN, TEXT, Kind, about, seconds, share, whole

DAY: Final = 86_400.0


def _base(value: object) -> str:
    text = value.strip() if isinstance(value, str) else "?"
    try:
        fine = not text or (urlsplit(text).scheme in ("http", "https") and bool(urlsplit(text).hostname))
    except ValueError:
        fine = False
    if not fine:
        raise ValueError("an http or https address, or nothing")
    return text.rstrip("/")


BASE: Final = Kind("http or https address, or nothing", _base)


@dataclass(frozen=True, slots=True)
class SourcesSection:
    """`[sources]`: how lists of proxies are fetched, and what is believed of them."""

    base_url: str = field(
        default="",
        metadata=about(
            BASE, "Ask a stand-in such as the lab's instead of every source's own host, as `URL/HOST/PATH`."
        ),
    )
    allow_private: bool = field(
        default=False,
        metadata=about(BOOLEAN, "Fetch from addresses that are not globally routable, and accept proxies at such."),
    )
    checked_only: bool = field(
        default=True,
        metadata=about(BOOLEAN, "Proxies of free sources are handed out only after they have been proven."),
    )
    longest: float = field(
        default=60.0, metadata=about(seconds(0.1, 3600.0), "One answer, from the request to its last byte.")
    )
    silence: float = field(default=15.0, metadata=about(seconds(0.1, 600.0), "Without a byte of it."))
    tries: int = field(default=3, metadata=about(whole(1, 10), "How often an address is asked before it is given up."))
    pause: float = field(
        default=1.0, metadata=about(seconds(0.0, 60.0), "Before the second try; it doubles with each further one.")
    )
    largest: int = field(default=16_777_216, metadata=about(whole(1_024), "Bytes of one answer, after decompression."))
    most: int = field(
        default=200_000, metadata=about(whole(1), "Proxies that are taken from one source; the rest is not read.")
    )
    give_up: int = field(
        default=8, metadata=about(whole(1, 1_000), "Failures in a row after which a source is switched off.")
    )


@dataclass(frozen=True, slots=True)
class JobsSection:
    """`[jobs]`: what the nodes of a fleet do by themselves, each job on one of them at a time."""

    run: bool = field(default=True, metadata=about(BOOLEAN, "Let this node take part."))
    sources_every: float = field(
        default=60.0, metadata=about(seconds(1.0, DAY), "How often it is looked which sources are due.")
    )
    expiry_every: float = field(
        default=300.0, metadata=about(seconds(1.0, DAY), "How often it is looked which proxies expire.")
    )
    expiring_ahead: float = field(
        default=3 * DAY, metadata=about(seconds(0.0, 366 * DAY), "So long before its expiry a proxy is told of.")
    )
    capacity_every: float = field(
        default=60.0, metadata=about(seconds(1.0, DAY), "How often the free slots of the fleet are counted.")
    )
    capacity_low: float = field(
        default=0.1, metadata=about(share(), "Below this share of free slots an event tells so; 0 never.")
    )
    providers_every: float = field(
        default=900.0,
        metadata=about(
            seconds(60.0, DAY), "How often the lists of providers are read, and open orders settled by them."
        ),
    )
    renewal_every: float = field(
        default=3_600.0, metadata=about(seconds(60.0, DAY), "How often it is looked which proxies are to be prolonged.")
    )
    scaling_every: float = field(
        default=60.0, metadata=about(seconds(10.0, DAY), "How often it is looked whether the fleet is to be refilled.")
    )
    retire_after: float = field(
        default=7 * DAY,
        metadata=about(
            seconds(3_600.0, 3_660 * DAY), "Proxies of free sources that have not worked for so long are taken out."
        ),
    )
    keep_events: float = field(default=14 * DAY, metadata=about(seconds(60.0, 366 * DAY), "How long events are kept."))
    most_events: int = field(default=500_000, metadata=about(whole(1_000), "How many are kept at most."))


@dataclass(frozen=True, slots=True)
class ChecksSection:
    """`[checks]`: how proxies are tried out, by `proxyfleet check` and by nodes."""

    judge: str = field(
        default="",
        metadata=about(
            BASE, "The address that proxies are asked to fetch; it answers with what it saw of the request."
        ),
    )
    tls_judge: str = field(
        default="",
        metadata=about(BASE, "A judge reached by TLS, for whether a proxy leaves TLS alone; not asked without one."),
    )
    judge_ca: str = field(
        default="", metadata=about(TEXT, "PEM file of the authorities that the judge's certificate is of.")
    )
    geo_file: str = field(
        default="",
        metadata=about(
            TEXT, "Database of countries in MaxMind's format; without one it is the registries', from the extra `geo`."
        ),
    )
    asn_file: str = field(
        default="", metadata=about(TEXT, "Database of networks in the same format, if it is another.")
    )
    concurrency: int = field(
        default=200,
        metadata=about(whole(1, 10_000), "Proxies that are tried at a time at most; fewer where that is too many."),
    )
    timeout: float = field(
        default=10.0, metadata=about(seconds(0.1, 300.0), "One question, from the dial to its answer.")
    )
    warm: bool = field(
        default=True,
        metadata=about(BOOLEAN, "Nodes try out new and idle proxies by themselves, where there is a judge."),
    )
    warm_every: float = field(default=60.0, metadata=about(seconds(1.0, DAY), "How often they do."))
    warm_most: int = field(default=1_000, metadata=about(whole(1, 100_000), "Proxies tried in one go."))
    idle_after: float = field(
        default=6 * 3_600.0,
        metadata=about(seconds(60.0, 366 * DAY), "An active proxy without any traffic for so long is tried as well."),
    )
    again_after: float = field(
        default=3_600.0, metadata=about(seconds(1.0, 366 * DAY), "Not sooner is one tried again that did not pass.")
    )
    rotate_least: float = field(
        default=60.0, metadata=about(seconds(0.0, DAY), "Not sooner is a proxy asked for another exit once more.")
    )
    rotate_timeout: float = field(default=30.0, metadata=about(seconds(0.1, 600.0), "One call of a refresh URL."))
    rotate_private: bool = field(
        default=False, metadata=about(BOOLEAN, "Call refresh URLs at addresses that are not public, such as a modem's.")
    )
