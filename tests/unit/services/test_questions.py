"""Questions to a fleet in memory."""

import asyncio
import random

import pytest

from proxyfleet.core.errors import BadSelector, UnknownStrategy
from proxyfleet.core.fleet import FleetState
from proxyfleet.core.outcome import Category, Outcome
from proxyfleet.lab.builders import a_proxy
from proxyfleet.services import questions as module
from proxyfleet.services.questions import BadTarget, Questions


@pytest.fixture
def fleet():
    made = FleetState(rng=random.Random(1))
    for number in range(1, 6):
        made.add(a_proxy(number, username="u", password="canary"), 0.0)
    return made


@pytest.fixture
def questions(fleet):
    return Questions(fleet, lambda: 0.0, lambda: {"node": {"pid": 1}})


async def test_a_report_holds_fleet_and_node(fleet, questions):
    told = await questions.report()
    assert told["fleet"]["total_proxies"] == 5
    assert told["node"] == {"pid": 1}
    assert "node" not in await Questions(fleet, lambda: 0.0).report()


async def test_health_and_explanations(questions):
    assert [row["id"] for row in await questions.health("id>=4")] == [4, 5]
    assert sum(row["eligible"] for row in await questions.explain("id=1")) == 1


async def test_picks_are_different_and_a_shortage_is_said(questions):
    told = await questions.pick(count=9)
    assert sorted(one["id"] for one in told["picked"]) == [1, 2, 3, 4, 5]
    assert (told["missing"], told["refusal"]["code"]) == (4, "none_eligible")
    assert (await questions.pick(count=2))["refusal"] is None


async def test_urls_hold_passwords_on_request_only(questions):
    assert "canary" not in str(await questions.pick())
    assert "u:canary@" in str(await questions.pick(passwords=True))


async def test_targets_are_hosts_however_they_are_written(fleet, questions):
    fleet.block(1, "Example.com")
    for target in ("example.com", "https://EXAMPLE.com/login?next=/", "example.com:443"):
        told = await questions.pick("id=1,2", count=2, target=target)
        assert [one["id"] for one in told["picked"]] == [2]
        assert [row["code"] for row in await questions.explain("id=1,2", target)][:2] == ["target_memory", "eligible"]


async def test_bad_questions_raise(questions):
    for ask in (questions.pick, questions.explain):
        with pytest.raises(BadTarget, match="names no host; write"):
            await ask(target="https://")
    with pytest.raises(BadSelector):
        await questions.health("odd=1")
    with pytest.raises(UnknownStrategy):
        await questions.pick(strategy="odd")


async def test_long_answers_leave_room_for_others(fleet, questions, monkeypatch):
    monkeypatch.setattr(module, "SLICE", 2)
    turns = []

    async def other():
        for _ in range(3):
            turns.append(1)
            await asyncio.sleep(0)

    running = asyncio.ensure_future(other())
    await questions.explain()
    assert len(turns) >= 2
    await running


async def test_a_reset_forgets_what_was_learnt_about_those_that_are_named(fleet, questions):
    for number in (1, 2):
        fleet.record(number, Outcome.failed(Category.TIMEOUT), 0.0)
    assert fleet.health(1, 0.0).last_failure == 0.0
    assert await questions.order("reset", "id=1") == {"reset": 1}
    assert [fleet.health(number, 0.0).last_failure for number in (1, 2)] == [None, 0.0]
    assert await questions.order("reset") == {"reset": 5}
    with pytest.raises(BadSelector):
        await questions.order("reset", "odd=1")


async def test_an_ejected_proxy_rests_until_it_is_reinstated(questions):
    def standing(told):
        return {row["id"]: row["code"] for row in told}

    assert await questions.order("eject", "id=2", seconds=60.0) == {"eject": 1}
    assert standing(await questions.explain())[2] == "resting"
    assert await questions.order("reinstate", "id=2") == {"reinstate": 1}
    assert standing(await questions.explain())[2] == "eligible"


async def test_a_block_concerns_one_site(questions):
    await questions.order("block", "id=2", target="example.com")
    assert {row["id"] for row in await questions.explain(target="example.com") if not row["eligible"]} == {2}
    assert all(row["eligible"] for row in await questions.explain(target="example.org"))
    await questions.order("unblock", "id=2", target="example.com")
    assert all(row["eligible"] for row in await questions.explain(target="example.com"))
