"""The whole program in one process: every wrong input ends with a line, a remedy and the documented exit code."""

import pytest

from proxyfleet.cli.app import main


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["pick", "--selector", "contry=US"], 2, "at character 1: unknown field 'contry'"),
        (["pick", "--selector", "country=US"], 1, "no proxy satisfies country=US"),
        (["pick", "--strategy", "odd"], 2, "use one of: weighted_random"),
        (["pick", "--explain", "--count", "2"], 2, "leave them out"),
        (["show", "999"], 1, "no proxy with id 999"),
        (["set", "id=1", "colour=red"], 2, "no field 'colour'"),
        (["set", "id=1", "country=Germany"], 2, "two letters"),
        (["remove", "id=1"], 2, "--yes"),
        (["disable", " "], 2, "write 'all'"),
        (["disable", "tag=nobody"], 1, ""),
        (["user", "add", "a-b"], 2, "use '_' instead"),
        (["user", "remove", "nobody"], 1, "no gateway user 'nobody'"),
        (["export", "--format", "odd"], 2, "unknown format"),
        (["list", "--store", "redis://me:hidden@h/0"], 2, "redis://***@h/0"),
        (["list", "--claims", "redis://me:hidden@h/x"], 2, "number of a database"),
        (["list", "--store", "sqlite:///fleet.db/inside.db"], 3, "inside.db"),
        (["stats", "--node", "nothing.json"], 2, "no node file at nothing.json"),
        (["list", "--config", "nothing.toml"], 2, "settings file nothing.toml"),
        (["nonsense"], 2, "No such command"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_wrong_input_gets_a_line_a_remedy_and_an_exit_code(fleet, arguments, code, words):
    done = fleet(*arguments)

    assert done.code == code, done.err
    assert words in done.err
    assert "Traceback" not in done.err
    assert "hidden" not in done.err


@pytest.mark.parametrize(
    "arguments",
    [
        ["list"],
        ["show", "1"],
        ["pick"],
        ["pick", "--explain"],
        ["stats"],
        ["export"],
        ["export", "--format", "json"],
        ["user", "list"],
        ["config", "show"],
        ["doctor"],
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("json", [[], ["--json"]], ids=["people", "json"])
def test_no_command_shows_a_password_unasked(fleet, arguments, json):
    done = fleet(*arguments, *json)

    assert done.code == 0, done.err
    assert "s3cret-canary" not in done.out + done.err
    assert "bob:" not in done.out


def test_shared_options_stand_before_or_after_the_command(run):
    assert run("--store", "memory:", "list", "--json").json == []
    assert run("list", "--store", "memory:", "--json").json == []
    assert run("--json", "--store", "sqlite:///elsewhere.db", "list", "--store", "memory:").json == []


def test_quiet_leaves_results_and_errors(fleet):
    assert fleet("list", "--quiet").err == ""
    assert fleet("show", "99", "--quiet").err.startswith("error: no proxy with id 99")


def test_without_a_command_there_is_help(capsys):
    assert main([]) in (0, 2)
    told = capsys.readouterr()
    assert "Commands:" in told.out + told.err
