"""A command run in this process, in a home folder of its own: quick, and everything it prints is seen."""

import asyncio
import io
import json
import sys
from typing import NamedTuple

import pytest
from tests import postgres

from proxyfleet.cli.app import main

STORE = "sqlite:///fleet.db"
LINES = "http://bob:s3cret-canary@1.1.1.1:80\n8.8.8.8:81\nsocks5://9.9.9.9:1080\n"


class Done(NamedTuple):
    """What a command has left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self):
        assert self.code == 0, self.err
        return json.loads(self.out)


@pytest.fixture
def home(tmp_path, monkeypatch):
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "PROXYFLEET_CONFIG", "PROXYFLEET_NODE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PROXYFLEET_STORE", STORE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run(home, capsys, monkeypatch):
    """`run("list", "--json", text="standard input")`."""

    def run_one(*arguments, text=""):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
        code = main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return Done(code, captured.out, captured.err)

    return run_one


@pytest.fixture
def fleet(run):
    """The same, with three proxies in the store, the first with a password."""
    assert run("import", "-", text=LINES).code == 0
    return run


@pytest.fixture
def server(home, monkeypatch):
    """The URL of a fleet in PostgreSQL that is not there yet; commands use it without being told; name it before `fleet`."""
    url = postgres.fresh_url()
    monkeypatch.setenv("PROXYFLEET_STORE", url)
    yield url
    asyncio.run(postgres.drop(url))
