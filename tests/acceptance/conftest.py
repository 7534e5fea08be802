"""What most of these tests start with: the program in a folder of its own, and a lab beside it."""

import http.client

import pytest
from tests.acceptance.program import LAB, Program


@pytest.fixture
def program(tmp_path):
    return Program(tmp_path)


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """The file of three proxies and the target behind them."""
    home = tmp_path_factory.mktemp("lab")
    with Program(home).running(*LAB) as running:
        connection = http.client.HTTPConnection(running.told["control"].removeprefix("http://"), timeout=10)
        connection.request("GET", "/lines")
        (home / "proxies.txt").write_text(connection.getresponse().read().decode())
        connection.close()
        yield home / "proxies.txt", running.told["target"]
