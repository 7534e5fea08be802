"""`proxyfleet import` accounts for every line of every list, and says clearly what cannot be read."""

import json
from pathlib import Path

import pytest
from tests.acceptance.program import Program

SAMPLES = Path(__file__).parents[2].parent / "shared" / "samples"
OWN = {
    "mixed.txt": "1.1.1.1:80\n1.1.1.1:80\n8.8.8.8:99999\n10.0.0.1:80\nhello\n9.9.9.9:3128:bob:secret\n",
    "table.csv": "host,port,country,tags\n1.1.1.1,80,DE,a\n8.8.8.8,81,US,b\n,,,\n",
    "list.json": json.dumps([{"ip": "1.1.1.1", "port": 80}, {"ip": "8.8.8.8", "port": "x"}]),
}


@pytest.fixture
def program(tmp_path):
    made = Program(tmp_path)
    for name, text in OWN.items():
        (tmp_path / name).write_text(text)
    return made


def accounted(report):
    parts = report["added"] + report["updated"] + report["duplicate"] + report["ambiguous"]
    return report["read"] == parts + sum(report["rejected"].values())


@pytest.mark.parametrize("name", sorted(OWN))
def test_every_line_of_our_own_files_has_a_verdict(program, name):
    report = program.json("import", name, "--store", "sqlite:///fleet.db")

    assert accounted(report)
    assert report["added"] > 0


def test_every_line_of_the_samples_has_a_verdict(program):
    files = [file for file in sorted(SAMPLES.glob("*")) if file.stat().st_size < 200_000]
    for file in files:
        done = program.run("import", file, "--store", "memory:", "--json")
        report = json.loads(done.stdout)
        assert accounted(report), file.name
        assert done.returncode == (0 if report["read"] > sum(report["rejected"].values()) else 1), file.name


def test_the_report_has_counts_reasons_and_lines(program):
    report = program.json("import", "mixed.txt", "--store", "sqlite:///fleet.db")

    assert {name: report[name] for name in ("read", "added", "updated", "duplicate", "ambiguous")} == {
        "read": 6,
        "added": 2,
        "updated": 0,
        "duplicate": 1,
        "ambiguous": 0,
    }
    assert (
        report["rejected"] == {"bad_port": 1, "no_proxy": 1, "not_global": 1} or sum(report["rejected"].values()) == 3
    )
    assert [line["line"] for line in report["lines"]] == [2, 3, 4, 5]
    assert report["lines_cap"] >= 4
    assert report["lines_capped"] is False
    assert "secret" not in json.dumps(report)


def test_a_second_import_adds_nothing(program):
    store = ("--store", "sqlite:///fleet.db")
    first = program.json("import", "mixed.txt", *store)
    second = program.json("import", "mixed.txt", *store)

    assert (second["added"], second["updated"], second["duplicate"]) == (0, 0, first["added"] + first["duplicate"])


def test_a_dry_run_reports_the_same_and_writes_nothing(program):
    store = ("--store", "sqlite:///fleet.db")
    dry = program.json("import", "mixed.txt", "--dry-run", *store)

    assert not (program.home / "fleet.db").exists(), "a dry run makes no database"
    wet = program.json("import", "mixed.txt", *store)
    assert wet == dry | {"dry_run": False}


def test_private_addresses_only_when_allowed(program):
    report = program.json("import", "mixed.txt", "--allow-private", "--store", "memory:")

    assert "not_global" not in report["rejected"]


def test_standard_input_tags_scheme_and_capacity(program):
    store = ("--store", "sqlite:///fleet.db")
    program.json(
        "import", "-", "--scheme", "socks5", "--tag", "a", "--tag", "b", "--capacity", "7", *store, text="1.1.1.1:80"
    )

    (row,) = program.json("list", *store)
    assert (row["address"], row["tags"], row["capacity"]) == ("socks5://1.1.1.1:80", ["a", "b"], 7)
