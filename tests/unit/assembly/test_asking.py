"""The client of the control port, against a real one and against what is none."""

import asyncio
import random

import pytest

from proxyfleet.assembly.asking import NodeClient, NodeRefused, NodeUnreachable, find_node
from proxyfleet.assembly.control import Control, ControlConnection
from proxyfleet.assembly.runtime import NodeAddress, NodeFileError, write_node_file
from proxyfleet.core.fleet import FleetState
from proxyfleet.lab.builders import a_proxy
from proxyfleet.services.questions import Questions


@pytest.fixture
async def questions():
    fleet = FleetState(rng=random.Random(1))
    fleet.add(a_proxy(1, username="u", password="canary"), 0.0)
    return Questions(fleet, lambda: 0.0, lambda: {"node": {}})


@pytest.fixture
async def url(questions):
    control = Control(questions, "token", lambda: True)
    server = await asyncio.get_running_loop().create_server(lambda: ControlConnection(control), "127.0.0.1", 0)
    yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    server.close()
    await control.tasks.close()


async def test_the_node_answers_as_the_fleet_itself(questions, url):
    node = NodeClient(NodeAddress(url, "token"))
    assert await node.lives()
    assert await node.health("id=1") == await questions.health("id=1")
    assert await node.explain(target="example.com") == await questions.explain(target="example.com")
    assert (await node.report())["fleet"]["total_proxies"] == 1
    assert await node.pick(passwords=True, strategy="lru") == await questions.pick(passwords=True)
    assert await node.order("reset", "id=1") == {"reset": 1}
    assert await node.order("block", "id=1", target="example.com", seconds=60.0) == {"block": 1}


async def test_what_the_node_refuses_is_told_in_its_words(url):
    with pytest.raises(NodeRefused, match="unknown field 'odd'"):
        await NodeClient(NodeAddress(url, "token")).health("odd=1")


async def test_a_wrong_token_is_another_node(url):
    assert not await NodeClient(NodeAddress(url, "other")).lives()
    with pytest.raises(NodeUnreachable, match="another one"):
        await NodeClient(NodeAddress(url, "other")).report()


async def test_nobody_there_and_something_else_there():
    server = await asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    with pytest.raises(NodeUnreachable, match="is it running"):
        await NodeClient(NodeAddress(f"http://127.0.0.1:{port}", "t")).report()
    server.close()
    await server.wait_closed()
    assert not await NodeClient(NodeAddress(f"http://127.0.0.1:{port}", "t")).lives()


def test_which_node_is_meant(tmp_path):
    file, beside = tmp_path / "named.json", tmp_path / "beside.json"
    assert find_node(None, None, beside) is None
    write_node_file(file, NodeAddress("http://127.0.0.1:1", "a"))
    write_node_file(beside, NodeAddress("http://127.0.0.1:2", "b"))
    assert find_node(None, None, beside).address.token == "b"
    assert find_node(str(file), None, beside).address.token == "a"
    assert find_node("http://127.0.0.1:3", "c", beside).address == ("http://127.0.0.1:3", "c")
    with pytest.raises(NodeFileError, match="PROXYFLEET_NODE_TOKEN"):
        find_node("http://127.0.0.1:3", None, beside)
    with pytest.raises(NodeFileError):
        find_node(str(tmp_path / "none.json"), None, beside)
