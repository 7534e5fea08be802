"""PROMISES R21: whatever people, the program and Google do to a sheet, no edit is lost without a word."""

import os
from random import Random

import pytest
from tests.simulation.sheet_world import TEXTS, ManyHands

from proxyfleet.core.mirrored import said

SOAK = bool(os.environ.get("PROXYFLEET_SOAK"))
STEPS, SEEDS = (1_500, 12) if SOAK else (250, 2)
"""A step is one thing that somebody does, or an exchange; within the calls of the program people do more. With twelve seeds
and 1,500 steps some 25,000 operations, of which one call in three goes wrong."""


async def lost(world: ManyHands) -> list[str]:
    """What somebody did last and is neither there now nor told of."""
    proxies = await world.inventory()
    by_key = {world.key(host): proxy for host, proxy in proxies.items()}
    shown = {world.key(host): world.rows_of(host) for host in world.hosts()}
    hosts = {proxy.id: world.key(host) for host, proxy in proxies.items()}
    held = {
        (hosts[one.proxy_id], one.resource) for one in (await world.store.standing()).holds if one.kind == "assignment"
    }
    found = []
    for key, doing in world.rows.items():
        if (key in by_key) != (doing.value == "there") and not world.was_told(key, doing.at):
            found.append(f"row {key}: {doing}")
    headings = {field: heading for heading, field in TEXTS.items()}
    for (key, name), doing in world.cells.items():
        if key not in by_key or key not in shown:
            continue
        ours, seen = said(by_key[key])[name], world.people.see(shown[key][0], headings[name])
        if ours != seen:
            found.append(f"cell {key} {name}: inventory {ours!r}, sheet {seen!r}")
        elif ours != doing.value and not world.was_told(key, doing.at):
            found.append(f"cell {key} {name}: {doing}, is {ours!r}")
    for (key, resource), doing in world.pairs.items():
        if key not in by_key or key not in shown:
            continue
        texts = {world.people.see(row, "Used for") for row in shown[key]}
        visible = all(resource in text.split(", ") for text in texts)
        if ((key, resource) in held) != visible:
            found.append(f"pair {key} {resource}: held {(key, resource) in held}, shown {texts}")
        elif visible != (doing.value == "held") and not world.was_told(key, doing.at):
            found.append(f"pair {key} {resource}: {doing}, shown {texts}")
    return found


def misplaced(world: ManyHands) -> list[str]:
    """People's own column must have stayed with its row."""
    found = []
    for host in world.hosts():
        for row in world.rows_of(host):
            mine = world.people.see(row, "Mine")
            if mine not in ("", f"mine-{host}"):
                found.append(f"{host}: {mine}")
    return found


@pytest.mark.parametrize("seed", range(SEEDS))
async def test_no_edit_is_lost_without_a_word(seed: int) -> None:
    world = ManyHands(Random(seed))
    await world.start(20)
    world.trouble(0.3)
    for _ in range(STEPS):
        await world.step()
    await world.end()
    assert misplaced(world) == [], f"seed {seed}"
    assert await lost(world) == [], f"seed {seed}"
    assert len(world.google.faults.met) > 20
