"""On the event loop that serves in earnest; the unit tests of the gateway run on both."""

import uvloop


def pytest_asyncio_loop_factories(config, item):
    return {"uvloop": uvloop.new_event_loop}
