"""Every test of the gateway's rooms runs on both event loops: they differ in when they pause, resume and report an
end.
"""

import asyncio

import uvloop


def pytest_asyncio_loop_factories(config, item):
    return {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}
