"""What commands do by hand is told as events."""

from proxyfleet.cli.telling import LONGEST, keep, keep_added
from proxyfleet.core.events import Happened
from proxyfleet.stores.memory import MemoryStore


async def test_one_event_a_command_with_a_bounded_name():
    store = MemoryStore()
    await keep_added(store, 0, "nothing")
    await keep_added(store, 3, "x" * 999)
    await keep(store, Happened.PROXIES_REMOVED, 2, "tag=old")
    told = [one.event for one in await store.events()]
    assert [(event.what.value, event.count) for event in told] == [("proxies_added", 3), ("proxies_removed", 2)]
    assert len(told[0].subject) == LONGEST


def test_import_add_and_remove_are_told(run):
    run("import", "-", text="1.1.1.1:80\n8.8.8.8:80\n")
    run("import", "-", "--dry-run", text="9.9.9.9:80\n")
    run("add", "http://u:canary@9.9.9.9:80")
    run("remove", "port=80", "--yes")
    told = [(row["what"], row["subject"], row["count"]) for row in run("events", "--json").json]
    assert told == [
        ("proxies_added", "-", 2),
        ("proxies_added", "command line", 1),
        ("proxies_removed", "port=80", 3),
    ]
