"""Several processes ordered as one, against real control ports; whose files count."""

import asyncio
import random

import pytest

from proxyfleet.assembly.asking import NodeClient, NodeUnreachable
from proxyfleet.assembly.control import Control, ControlConnection
from proxyfleet.assembly.members import Members, Speaker, find_members, summed
from proxyfleet.assembly.runtime import NodeAddress, write_node_file
from proxyfleet.core.fleet import FleetState
from proxyfleet.lab.builders import a_proxy
from proxyfleet.services.questions import Questions

GONE = NodeAddress("http://127.0.0.1:1", "token")


def figures(requests):
    return {"node": {"pid": 1}, "gateway": {"requests": requests, "refusals": {"no_proxy": 1}}}


@pytest.fixture
async def nodes():
    controls, servers, clients = [], [], []
    for number in range(2):
        fleet = FleetState(rng=random.Random(1))
        fleet.add(a_proxy(1), 0.0)
        told = Questions(fleet, lambda: 0.0, lambda number=number: figures(number + 1))
        control = Control(told, "token", lambda: True, lambda number=number: {"tunnels": number})
        server = await asyncio.get_running_loop().create_server(
            lambda control=control: ControlConnection(control), "127.0.0.1", 0
        )
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        controls.append(control)
        servers.append(server)
        clients.append(NodeClient(NodeAddress(url, "token")))
    yield clients
    for server, control in zip(servers, controls, strict=True):
        server.close()
        await control.tasks.close()


async def test_an_order_reaches_everybody(nodes):
    clients = nodes
    answered = await Members(clients).order("eject", "id=1", seconds=60.0)
    assert answered == ([{"eject": 1}, {"eject": 1}], 0)
    told = [await client.explain() for client in clients]
    assert [rows[0]["eligible"] for rows in told] == [False, False]


async def test_who_is_silent_is_counted_and_when_all_are_it_is_said(nodes):
    clients = nodes
    assert (await Members([*clients, NodeClient(GONE)]).ask(lambda client: client.flows())) == (
        [{"tunnels": 0}, {"tunnels": 1}],
        1,
    )
    with pytest.raises(NodeUnreachable):
        await Members([NodeClient(GONE)]).order("reset", "")


async def test_figures_are_those_of_all(nodes):
    clients = nodes
    told = await Speaker(Members(clients)).report()
    assert told["fleet"]["total_proxies"] == 1
    assert told["node"] == {"pid": 1, "processes": 2}
    assert told["gateway"] == {"requests": 3, "refusals": {"no_proxy": 2}}


def test_tables_in_tables():
    assert summed([{"a": 1, "by": {"x": 1}}, {"a": 2, "by": {"y": 4}}]) == {"a": 3, "by": {"x": 1, "y": 4}}


def test_whose_files_count(tmp_path):
    first = tmp_path / "fleet.db.node.json"
    assert find_members(None, None, first) is None
    for file, port in ((first, 1), (tmp_path / "fleet.db.node.1.json", 2), (tmp_path / "fleet.db.node.x.json", 3)):
        write_node_file(file, NodeAddress(f"http://127.0.0.1:{port}", "t"))
    (tmp_path / "fleet.db.node.2.json").write_text('{"url": "http://127.0.0.1:4", "token": "t", "pid": 99999999}')
    (tmp_path / "fleet.db.node.3.json").write_text("?")
    for named in (None, str(first)):
        found = find_members(named, None, first)
        assert [client.address.url[-1] for client in found.clients] == ["1", "2"], "not the one that was killed"
    assert len(find_members("http://127.0.0.1:9", "t", first).clients) == 1
