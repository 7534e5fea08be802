"""The commands of the sheet, against the lab's Google over HTTP."""

import json

import pytest
from tests.sheetserver import URL, key_file, rows, served

from proxyfleet.lab.sheets import Spreadsheet
from proxyfleet.lab.sheets.a1 import Area
from proxyfleet.lab.sheets.grid import Protected

PEOPLE = (
    ("Host", "Port", "User", "Password", "City", "Pasword"),
    ("20.0.0.1", 8080, "u", "pw-canary", "Bonn"),
    ("20.0.0.2", 8081, "", "", "Köln"),
    ("20.0.0.300", 8081),
)


@pytest.fixture
def google(home, monkeypatch):
    book = Spreadsheet("Our proxies", "List")
    rows(book, *PEOPLE)
    with served(book) as running:
        monkeypatch.setenv("PROXYFLEET_SHEET_ADDRESS", running.address)
        monkeypatch.setenv("PROXYFLEET_SHEET_RATE", "100")
        key_file(running, home)
        yield running


@pytest.fixture
def connected(google, run):
    assert run("sheet", "connect", URL, "--key-file", "key.json").code == 0
    return run


def test_connecting_says_what_it_has_found_and_made(google, run):
    told = run("sheet", "connect", URL, "--key-file", "key.json", "--json").json
    assert told["columns_made"] == ["scheme", "used_for", "taken_by", "taken_at", "status", "days_left"]
    assert (told["spreadsheet"], told["tab"], told["rows"], told["passwords"]) == ("Our proxies", "List", 3, "plain")
    again = run("sheet", "connect", URL)
    assert (again.code, "name the key" in again.err) == (2, True)


def test_there_and_back(connected, google):
    assert connected("list", "--json").json == []
    differ = connected("sheet", "diff", "--json").json["changes"]
    assert {"where": "fleet", "row": "http://u@20.0.0.1:8080", "what": "added"} in differ
    pulled = connected("sheet", "pull", "--json").json
    assert pulled["into"]["added"] == 2
    assert {row["host"]: row["city"] for row in connected("list", "--json").json} == {
        "20.0.0.1": "Bonn",
        "20.0.0.2": "Köln",
    }
    assert connected("set", "host=20.0.0.1", "city=Ulm").code == 0
    pushed = connected("sheet", "push")
    assert "fleet -> sheet: changed" in pushed.out
    assert google.book.text()[1][4] == "Ulm"
    assert connected("sheet", "diff").out.startswith(("sheet and fleet agree", "where"))


def test_status_tells_what_is_known_while_google_is_away(connected, google):
    connected("sheet", "pull")
    google.faults.chance("403", 1.0)
    done = connected("sheet", "status")
    assert (done.code, "no permission; share the spreadsheet" in done.err) == (3, True)
    for known in ("Our proxies", "plain", ": done"):
        assert known in done.out
    assert json.loads(connected("sheet", "status", "--json").out)["not_seen_yet"] == 0


def test_status_names_protected_cells_that_keep_takes_out(connected, google):
    connected("sheet", "pull")
    used = google.book.text()[0].index("Used for")
    google.book.tab.protected = [Protected(1, Area(2, used, None, used + 2), editors=frozenset({"boss"}))]
    assert "cannot be written" in connected("take", "shop", "2").err + connected("take", "shop", "2").out
    told = connected("sheet", "status").out
    for heading in ("Used for", "Taken by"):
        assert f"row 3, column '{heading}': a protected range keeps us from writing here" in told
    assert "row 3, column 'Taken at'" not in told


def test_status_names_every_problem_by_row_and_column(connected):
    done = connected("sheet", "status")
    assert "row 4, column 'Host': an octet over 255" in done.out
    assert "row 1, column 'Pasword': a heading that is nearly one of ours" in done.out
    assert "extra_columns" in done.out
    told = connected("sheet", "status", "--json").json
    assert (told["proxies"], told["last_exchange"], told["not_seen_yet"]) == (2, {}, 0)
    assert told["account"].startswith("fleet@lab")
    assert [problem["code"] for problem in told["problems"]] == ["unknown_heading", "bad_octet"]
    connected("sheet", "pull")
    assert connected("sheet", "status", "--json").json["last_exchange"]["rows"] == 2


def test_passwords_out_of_the_sheet(google, run):
    done = run("sheet", "connect", URL, "--key-file", "key.json", "--passwords", "vault")
    assert "version history" in done.err
    assert run("sheet", "pull").code == 0
    assert run("sheet", "push").code == 0
    assert google.book.text()[1][3] == "(in the vault)"
    assert run("sheet", "status", "--json").json["passwords"] == "vault"


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["status"], 3, "no sheet is connected to this fleet; `proxyfleet sheet connect"),
        (["connect", "https://example.com", "--key-file", "key.json"], 2, "copy its URL from the browser"),
        (["connect", URL, "--key-file", "nothing.json"], 2, "cannot be read (No such file or directory)"),
        (["connect", URL], 2, "name the key of a Google account by --key-file"),
        (["connect", URL, "--key-file", "a", "--oauth", "b"], 2, "name two accounts"),
        (["connect", URL, "--key-file", "key.json", "--tab", "x"], 2, "has no tab 'x'; it has 'List'"),
        (["connect", URL, "--key-file", "key.json", "--passwords", "hidden"], 2, "give plain or vault"),
        (["connect", URL.replace("lab-sheet", "other-sheet"), "--key-file", "key.json"], 2, "no such spreadsheet"),
    ],
)
def test_mistakes_are_one_line_with_the_remedy(google, run, arguments, code, words):
    done = run("sheet", *arguments)
    assert (done.code, done.out) == (code, "")
    assert words in done.err
    assert done.err.count("\n") == 1


def test_no_permission_names_whom_to_share_with(google, run):
    google.writers = set()
    done = run("sheet", "connect", URL, "--key-file", "key.json")
    assert (done.code, "share the spreadsheet with fleet@lab.iam.gserviceaccount.com as an editor" in done.err) == (
        3,
        True,
    )


def test_another_fleet_has_it(connected, google, home):
    done = connected("sheet", "connect", URL, "--key-file", "key.json", "--store", "sqlite:///other.db")
    assert (done.code, "belongs to the fleet" in done.err) == (2, True)
    assert (
        connected(
            "sheet", "connect", URL, "--key-file", "key.json", "--take-over", "--store", "sqlite:///other.db"
        ).code
        == 0
    )
    assert connected("sheet", "pull").code == 2


def test_google_is_away(connected, google, monkeypatch):
    monkeypatch.setenv("PROXYFLEET_SHEET_TIMEOUT", "0.2")
    google.faults.chance("cut", 1.0)
    done = connected("sheet", "pull")
    assert (done.code, "Google cannot be reached" in done.err) == (3, True)
    google.faults.clear()


def test_a_write_that_fails_shows_what_was_done_before(connected, google, monkeypatch):
    connected("sheet", "pull")
    connected("set", "all", "city=Ulm")
    google.faults.chance("503-html", 1.0, on="write")
    done = connected("sheet", "push")
    assert (done.code, "Google is in trouble" in done.err) == (3, True)
    google.faults.clear()
    assert connected("sheet", "push").code == 0


def test_the_template_is_a_line_of_headings(run):
    assert run("sheet", "template").out.startswith("Scheme,Host,Port,Username,Password,")
    assert run("sheet", "template", "--json").json["headings"][0] == "Scheme"


def test_nothing_secret_is_shown(connected, google):
    for arguments in (["status"], ["diff"], ["pull"], ["push"], ["status", "--json"]):
        done = connected("sheet", *arguments)
        assert "canary" not in done.out + done.err
        assert "PRIVATE KEY" not in done.out + done.err
