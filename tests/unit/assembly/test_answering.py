"""Who answers: a named node must, a found one may be gone, the store is the last resort."""

import pytest

from proxyfleet.assembly.answering import answers
from proxyfleet.assembly.asking import NodeClient, NodeUnreachable
from proxyfleet.assembly.node import Node
from proxyfleet.assembly.opening import opened
from proxyfleet.assembly.runtime import NodeAddress, node_file, write_node_file
from proxyfleet.lab.builders import a_proxy
from proxyfleet.settings import load


@pytest.fixture
def loaded(tmp_path):
    flags = {"gateway.listen": ("--listen", "127.0.0.1:0"), "store": ("--store", f"sqlite:///{tmp_path}/fleet.db")}
    return load(environ={"HOME": str(tmp_path)}, flags=flags)


async def test_without_a_node_the_store_answers(loaded):
    async with opened(loaded.settings) as found:
        await found.store.put([a_proxy(1)])
    async with answers(loaded, None) as (questions, living):
        assert not living
        assert [row["id"] for row in await questions.health()] == [1]


async def test_the_node_of_the_store_answers_unless_switched_off(loaded):
    async with opened(loaded.settings) as found:
        node = Node(loaded.settings, found)
        await node.start()
        async with answers(loaded, None) as (questions, living):
            assert living
            assert isinstance(questions, NodeClient)
        async with answers(loaded, "off") as (_, living):
            assert not living
        await node.stop(0.1)


async def test_a_node_that_died_is_passed_over_but_a_named_one_is_not(loaded):
    write_node_file(node_file(loaded.settings), NodeAddress("http://127.0.0.1:1", "t"))
    async with opened(loaded.settings):
        pass
    async with answers(loaded, None) as (_, living):
        assert not living
    async with answers(loaded, str(node_file(loaded.settings))) as (questions, _):
        with pytest.raises(NodeUnreachable):
            await questions.report()
