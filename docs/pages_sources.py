"""The reference pages of sources and of events, drawn from the program itself; registered in `generate`."""

from collections import Counter

from proxyfleet.core.events import Happened
from proxyfleet.sources.reading import shown
from proxyfleet.sources.registry import BUILT_IN

MEANINGS = {
    Happened.PROXY_PROVEN: "a proxy that was pending has worked for the first time",
    Happened.PROXY_EXPIRED: "its expiry date has come: it is handed out no more",
    Happened.CIRCUIT_OPENED: "ejected: it rests for failures until the instant told",
    Happened.EJECTION_SUPPRESSED: "it would rest, but the guard did not allow so many at once",
    Happened.CIRCUIT_HALF_OPEN: "its rest is over: one probe at a time",
    Happened.CIRCUIT_CLOSED: "recovered: it is used again, slowly at first",
    Happened.CREDENTIALS_REFUSED: "its credentials were refused twice: out until it gets new ones or passes a check",
    Happened.PAIR_RESTED: "it rests for one target only",
    Happened.TARGET_AT_FAULT: "a target fails through many proxies, which are not blamed",
    Happened.TARGET_RECOVERED: "that target works again",
    Happened.QUOTA_EXHAUSTED: "the provider's account has no traffic left",
    Happened.PROXIES_ADDED: "so many proxies came from a source or by hand",
    Happened.PROXIES_REMOVED: "so many were removed by hand",
    Happened.PROXY_EXPIRING: "it expires within `jobs.expiring_ahead`",
    Happened.PROXIES_RETIRED: "so many of free sources were taken out because they were of no use",
    Happened.PROXY_RENEWED: "it was paid for again and expires later",
    Happened.PROXIES_BOUGHT: "so many were bought from a provider, and at what price",
    Happened.PROXIES_VANISHED: "so many that the fleet holds are not on the provider's list any more",
    Happened.PURCHASE_UNCLEAR: "an order was sent and its answer was lost: it counts as spent until the list settles it",
    Happened.PURCHASE_FAILED: "a provider refused an order, or its list shows that nothing came of it: nothing was spent",
    Happened.BUDGET_REACHED: "a purchase by rule would have gone beyond the month's budget, for the first time this month",
    Happened.CAPACITY_LOW: "the share of free slots fell below `jobs.capacity_low`",
    Happened.CAPACITY_RECOVERED: "there are enough free slots again",
    Happened.SOURCE_FAILED: "nothing came of a source, for the first time in a row; `all` when every source failed",
    Happened.SOURCE_RECOVERED: "a source that had failed answers again",
    Happened.SOURCE_DISABLED: "a source has failed so often that it was switched off",
    Happened.JOB_FAILED: "a job has failed, for the first time in a row",
    Happened.JOB_STALLED: "a job should have begun or ended and has not",
    Happened.JOB_RECOVERED: "a job that had failed or stalled went well",
}


def sources_page() -> str:
    """Every built-in source, where it is and how it is read."""
    from docs.generate import page, table

    rows = []
    for source in BUILT_IN.values():
        hosts = Counter(shown(feed.url).split("/")[2] for feed in source.feeds)
        schemes = dict.fromkeys(feed.scheme for feed in source.feeds)
        notes = ["labels not trusted"] * (not source.trusted) + ["on request"] * source.on_request
        notes += ["pages"] * any(feed.paged for feed in source.feeds)
        notes += ["mirror"] * any(feed.mirror for feed in source.feeds)
        where = ", ".join(f"{host} ({count})" if count > 1 else host for host, count in hosts.items())
        told = (", ".join(schemes), source.format, f"{source.interval / 60:g} min", ", ".join(notes))
        rows.append([f"`{source.name}`", where, *told])
    return page(
        "Built-in sources",
        "Free lists that everybody can read. Each is one name for `proxyfleet sources`, and the `source` of the proxies that\n"
        "it named first. How they are used: [sources](../howto/sources.md).",
        table(
            ("source", "host (addresses)", "lines that name no scheme are", "format", "looked at every", "notes"), rows
        ),
        "`https` in these lists means an HTTP proxy that can CONNECT. *Labels not trusted*: what it says of protocols gives\n"
        "way to what other sources say. *On request*: large and unverified, looked at only when it is named or switched on.\n"
        "*Mirror*: asked at another host when the first one fails.",
    )


def events_page() -> str:
    """Every kind of event."""
    from docs.generate import page, table

    if missing := [kind.value for kind in Happened if kind not in MEANINGS]:
        raise LookupError(f"say in docs/pages_sources.py what these events mean: {', '.join(missing)}")
    return page(
        "Events",
        "What happens to proxies, sources and jobs is one stream, kept in the store for `jobs.keep_events` seconds and read by\n"
        "`proxyfleet events`. Times are UTC. Secrets are in none of it.",
        table(("kind", "means"), ([f"`{kind.value}`", MEANINGS[kind]] for kind in Happened)),
        "With `--json` an event has `number` (it grows), `at`, `what`, `proxy` (its id, or null), `target`, `subject` (what\n"
        "else it is about: a source, a job, a file, or null), `count` (how many proxies), `reason` (one line) and `until`.\n"
        "What a node learns from its own traffic (`circuit_*`, `pair_rested`, `target_*`, ...) is told by each node for itself;\n"
        "everything else once for the whole fleet.",
    )
