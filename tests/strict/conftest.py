"""The corpora, fetched once and read once. What runs on a loop runs on both of them: they cut and end differently."""

import asyncio

import pytest
import uvloop
from tests.strict import corpora, packages


def pytest_asyncio_loop_factories(config, item):
    return {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}


@pytest.fixture(scope="session")
def archives(request):
    """The source packages; in pytest's cache, so that a second run needs no network."""
    return packages.fetch(request.config.cache.mkdir("corpus"))


@pytest.fixture(scope="session")
def cases(archives):
    """By corpus."""
    return {
        "gunicorn": corpora.gunicorn(archives["gunicorn"]),
        "llhttp": corpora.llhttp(archives["aiohttp"]),
        "own": corpora.own(),
    }
