"""`sources list | add | remove | fetch | enable | disable | report`, in this process and without a network."""

import json

import pytest

from proxyfleet.sources.registry import BUILT_IN

URL = "https://user:canary@lists.example/a?key=canary"


def test_list_names_every_built_in_source_without_a_database(run, home):
    rows = run("sources", "list", "--json").json
    assert [row["name"] for row in rows] == list(BUILT_IN)
    assert {row["looked_at"] for row in rows} == {"by hand", "on request"}
    assert "geonode" in run("sources", "list").out
    assert not (home / "fleet.db").exists()


def test_own_sources_are_added_described_and_removed(run):
    done = run("sources", "add", "mine", URL, "--format", "csv", "--every", "60", "--own", "--untrusted")
    assert done.code == 0
    (row,) = [row for row in run("sources", "list", "--json").json if row["name"] == "mine"]
    assert row == row | {"kind": "own", "looked_at": "by itself", "format": "csv", "every": 60.0, "free": False}
    assert row["trusted"] is False
    assert run("sources", "remove", "mine").code == 0
    assert "mine" not in {row["name"] for row in run("sources", "list", "--json").json}
    assert "no source 'mine'" in run("sources", "remove", "mine").err


def test_addresses_with_keys_come_by_standard_input_and_are_never_shown(run):
    done = run("sources", "add", "mine", "-", text=f"{URL}\n\nhttp://b.example/\n")
    assert "source mine was added" in done.out
    shown = [done.out, done.err, run("sources", "list", "--json").out, run("sources", "report").out]
    assert "canary" not in "".join(shown)
    (row,) = [row for row in run("sources", "list", "--json").json if row["name"] == "mine"]
    assert row["feeds"] == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ("sources", "add", "Big", "http://a.example/"),
        ("sources", "add", "mine", "canary"),
        ("sources", "add", "mine", "http://a.example/", "--every", "1"),
        ("sources", "add", "mine", "http://a.example/", "--format", "odd"),
        ("sources", "fetch", "--base-url", "canary"),
    ],
)
def test_what_does_not_fit_is_refused_in_one_line(run, arguments):
    done = run(*arguments)
    assert done.code == 2
    assert done.err.startswith("error: ")
    assert len(done.err.splitlines()) == 1


def test_sources_are_switched(run):
    run("sources", "enable", "geonode", "gfpcom")
    run("sources", "disable", "monosans")
    states = {row["name"]: row["looked_at"] for row in run("sources", "list", "--json").json}
    assert (states["geonode"], states["gfpcom"], states["monosans"]) == ("by itself", "by itself", "off")
    assert run("sources", "disable", "all", "--json").json == {"disabled": len(BUILT_IN)}
    done = run("sources", "fetch")
    assert done.code == 1
    assert "every source is switched off" in done.err
    assert "no source 'nope'" in run("sources", "enable", "nope").err


def test_nothing_was_looked_at_yet(run):
    done = run("sources", "report", "--json")
    assert json.loads(done.out) == []
    assert "`proxyfleet sources fetch`" in done.err


def test_loopback_is_not_asked_unless_allowed(run):
    run("sources", "add", "mine", "http://127.0.0.1:1/?key=canary")
    done = run("sources", "fetch", "mine")
    assert done.code == 1
    assert "not a public address" in done.out
    assert "canary" not in done.out + done.err
    (row,) = run("sources", "report", "--json").json
    assert (row["name"], row["failures"], row["valid"]) == ("mine", 1, 0)


def test_a_dry_run_makes_no_database(run, home):
    done = run("sources", "fetch", "geonode", "--dry-run", "--base-url", "http://127.0.0.1:1")
    assert done.code == 1
    assert "dry run: nothing was written" in done.out
    assert not (home / "fleet.db").exists()
