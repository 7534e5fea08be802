"""Events on their way to the journal."""

import pytest

from proxyfleet.core.events import Event, Happened
from proxyfleet.services import recording as module
from proxyfleet.services.recording import Recorder, record_count
from proxyfleet.stores.errors import StoreBusy
from proxyfleet.stores.memory import MemoryStore


def told(at):
    return Event(Happened.PROXY_PROVEN, float(at))


async def kept(store):
    return [one.event.at for one in await store.events(0)]


async def test_they_are_kept_in_order_and_once(monkeypatch):
    monkeypatch.setattr(module, "BATCH", 3)
    store = MemoryStore()
    recorder = Recorder(store)
    recorder.note(told(0))
    recorder.note_all(map(told, range(1, 8)))
    assert await recorder.flush() == 8
    assert await recorder.flush() == 0
    assert await kept(store) == list(range(8))


class Moody:
    """A diary that is away at first."""

    def __init__(self, recorder=None):
        self.away, self.pages, self.recorder = True, [], recorder

    async def record_events(self, events):
        if self.away:
            raise StoreBusy("busy; try again")
        self.pages.append([event.at for event in events])
        if self.recorder is not None:
            self.recorder.note(told(99))
            self.recorder = None


async def test_a_store_that_is_away_loses_nothing():
    diary = Moody()
    recorder = Recorder(diary)
    recorder.note_all(map(told, range(3)))
    with pytest.raises(StoreBusy):
        await recorder.flush()
    recorder.note(told(3))
    diary.away = False
    assert await recorder.flush() == 4
    assert diary.pages == [[0, 1, 2, 3]]


async def test_what_comes_while_it_is_written_waits_for_the_next_time():
    diary = Moody()
    recorder = diary.recorder = Recorder(diary)
    diary.away = False
    recorder.note(told(1))
    assert await recorder.flush() == 2
    assert diary.pages == [[1], [99]]


async def test_too_many_push_out_the_oldest_and_that_is_told(monkeypatch, caplog):
    monkeypatch.setattr(module, "MOST", 5)
    store = MemoryStore()
    recorder = Recorder(store)
    recorder.note_all(map(told, range(8)))
    await recorder.flush()
    assert await kept(store) == [3, 4, 5, 6, 7]
    assert "dropped=3" in caplog.text


async def test_what_is_pushed_out_while_it_is_written_is_not_taken_for_another(monkeypatch):
    monkeypatch.setattr(module, "MOST", 3)

    class Slow:
        def __init__(self):
            self.pages = []

        async def record_events(self, events):
            self.pages.append([event.at for event in events])
            if len(self.pages) == 1:
                recorder.note_all([told(7), told(8)])

    diary = Slow()
    recorder = Recorder(diary)
    recorder.note_all(map(told, range(3)))
    await recorder.flush()
    assert diary.pages == [[0, 1, 2], [7, 8]]


async def test_a_command_keeps_one_event_or_none():
    store = MemoryStore()
    await record_count(store, Happened.PROXIES_ADDED, 7.0, 0, "list.txt")
    await record_count(store, Happened.PROXIES_ADDED, 7.0, 1234, "list.txt")
    (one,) = await store.events()
    assert one.event == Event(Happened.PROXIES_ADDED, 7.0, reason="1,234 proxies", subject="list.txt", count=1234)
