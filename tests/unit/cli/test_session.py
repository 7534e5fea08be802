"""What a command works with."""

import io
import json
import sys

import pytest

from proxyfleet.cli.session import Common, Session


def test_shared_options_become_flags(home):
    settings = Session(Common(store="memory:")).loaded
    assert settings.settings.store == "memory:"
    assert settings.origins["store"] == "--store"
    assert Session(Common()).loaded.origins["store"] == "PROXYFLEET_STORE"


def test_results_and_words_go_different_ways(capsys):
    session = Session(Common(json=True))
    session.show({"a": "é"}, lambda: pytest.fail("people"))
    session.say("hello")
    told = capsys.readouterr()
    assert json.loads(told.out) == {"a": "é"}
    assert told.err == "hello\n"
    Session(Common(quiet=True)).say("hello")
    assert capsys.readouterr().err == ""


def test_json_is_indented_for_people_only(monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setattr(sys, "stdout", Terminal())
    Session(Common()).emit([1])
    assert sys.stdout.getvalue() == "[\n  1\n]\n"


def test_without_a_node_it_is_said(home, capsys):
    session = Session(Common(store="memory:"))

    async def total():
        async with session.answers() as answers:
            return (await answers.report())["fleet"]["total_proxies"]

    assert session.run(total()) == 0
    assert "no node is running" in capsys.readouterr().err
