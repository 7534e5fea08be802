"""The server without a socket: routes, tokens, faults, hooks; the real client is in tests/integration."""

import json

import pytest

from proxyfleet.lab.sheets import GoogleSheets, Limits, Spreadsheet
from proxyfleet.lab.sheets.google import Call

PATH = "/v4/spreadsheets/lab-sheet"


def ask(google, method, path, body=None, **more):
    reply = google.answer(method, path, b"" if body is None else json.dumps(body).encode(), **more)
    return reply.status, json.loads(reply.body) if reply.body else None


def test_every_route(google):
    values = {"values": [["c", 3]]}
    asked = [
        ("GET", f"{PATH}?includeGridData=false", None),
        ("POST", f"{PATH}:batchUpdate", {"requests": [{"appendDimension": {"sheetId": 0, "dimension": "ROWS", "length": 1}}]}),
        ("GET", f"{PATH}/values:batchGet?ranges=A1&ranges=%27Proxies%27%21B1", None),
        ("POST", f"{PATH}/values:batchUpdate", {"valueInputOption": "RAW", "data": [{"range": "A4", **values}]}),
        ("POST", f"{PATH}/values:batchClear", {"ranges": ["C1"]}),
        ("GET", f"{PATH}/values/%27Proxies%27%21A1%3AB2", None),
        ("PUT", f"{PATH}/values/A4?valueInputOption=RAW", values),
        ("POST", f"{PATH}/values/Proxies:append?valueInputOption=RAW", values),
        ("POST", f"{PATH}/values/D1:clear", None),
    ]  # fmt: skip
    assert [ask(google, *one)[0] for one in asked] == [200] * 9
    assert [call.kind for call in google.calls] == [
        "read",
        "write",
        "read",
        "write",
        "write",
        "read",
        "write",
        "write",
        "write",
    ]
    assert google.book.text()[3:] == [["c", "3"], ["c", "3"]]


def test_what_there_is_not(google):
    for method, path in (("GET", "/"), ("DELETE", PATH), ("GET", "/v4/spreadsheets/other"), ("POST", f"{PATH}:paint")):
        assert ask(google, method, path)[0] == 404
    assert ask(google, "PUT", f"{PATH}/values/A1?valueInputOption=RAW", [1])[1]["error"]["status"] == "INVALID_ARGUMENT"
    assert google.answer("PUT", f"{PATH}/values/A1?valueInputOption=RAW", b"{").status == 400
    assert ask(google, "GET", f"{PATH}?fields=a(")[1]["error"]["message"] == "Invalid field selection a("


def test_masks_decide_about_grid_data(google):
    told = ask(google, "GET", f"{PATH}?ranges=A1&fields=sheets.data.rowData.values.formattedValue")[1]
    assert told == {"sheets": [{"data": [{"rowData": [{"values": [{"formattedValue": "host"}]}]}]}]}
    assert "data" not in ask(google, "GET", f"{PATH}?fields=sheets.properties")[1]["sheets"][0]
    body = {
        "requests": [{"appendDimension": {"sheetId": 0, "dimension": "ROWS", "length": 1}}],
        "includeSpreadsheetInResponse": True,
    }
    fields = "updatedSpreadsheet.sheets.data.rowData.values.formattedValue"
    told = ask(google, "POST", f"{PATH}:batchUpdate?fields={fields}", body | {"responseRanges": ["B1"]})[1]
    (sheet,) = told["updatedSpreadsheet"]["sheets"]
    assert sheet == {"data": [{"rowData": [{"values": [{"formattedValue": "port"}]}]}]}


def test_only_holders_of_a_token_get_in(book, clock):
    guarded = GoogleSheets(book, clock=clock)
    status, told = ask(guarded, "GET", PATH)
    assert (status, told["error"]["status"]) == (401, "UNAUTHENTICATED")
    with pytest.raises(RuntimeError, match="not listening"):
        guarded.key_file()


def test_sharing(google):
    google.writers, google.readers = set(), {"anonymous"}
    assert ask(google, "GET", PATH)[0] == 200
    assert ask(google, "POST", f"{PATH}/values/D1:clear")[0] == 403
    google.readers = set()
    assert ask(google, "GET", PATH)[1]["error"]["status"] == "PERMISSION_DENIED"


@pytest.mark.parametrize(
    ("fault", "status"), [("429", 429), ("500", 500), ("403", 403), ("404", 404), ("502-html", 502)]
)
def test_faults_that_answer_carry_nothing_out(google, fault, status):
    google.faults.queue(fault)
    reply = google.answer("POST", f"{PATH}/values/A1:clear")
    assert (reply.status, google.calls, google.book.text()[0]) == (status, [], ["host", "port"])
    assert (b"<html" in reply.body) == fault.endswith("html")


def test_faults_that_do_not_answer(google):
    clear = ("POST", f"{PATH}/values/A1:clear")
    google.faults.queue("cut")
    assert google.answer(*clear).drop
    google.faults.queue("hang")
    assert google.answer(*clear).silent
    assert google.book.text()[0] == ["host", "port"]
    google.faults.queue("lost")
    google.faults.queue("stall")
    assert (google.answer(*clear).drop, google.answer(*clear).silent) == (True, True)
    assert google.book.text()[0] == ["", "port"]


def test_answers_that_hold_nothing(google):
    google.faults.queue("empty", 2)
    google.faults.queue("not-json")
    assert "values" not in ask(google, "GET", f"{PATH}/values/A1")[1]
    assert "values" not in ask(google, "GET", f"{PATH}/values:batchGet?ranges=A1")[1]["valueRanges"][0]
    assert ask(google, "GET", f"{PATH}/values/A1") == (200, None)


def test_the_quota_and_hooks(book, clock):
    google = GoogleSheets(book, clock=clock, guarded=False, limits=Limits(per_user=1), latency=0.3)
    seen = []
    google.before.append(seen.append)
    assert google.answer("GET", PATH).delay == 0.3
    assert google.answer("GET", PATH).status == 429
    assert seen == [Call("get", "lab-sheet", "", "anonymous", clock())]
    assert [code for _, code in google.refused] == [429]
    clock.advance(60)
    assert google.answer("GET", PATH).status == 200


async def test_it_listens_goes_away_and_comes_back():
    import asyncio

    async with GoogleSheets(Spreadsheet(), guarded=False) as google:
        port = int(google.address.rpartition(":")[2])

        async def reached():
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                return False
            writer.close()
            return True

        assert await reached()
        google.go_away()
        assert not await reached()
        google.come_back()
        assert await reached()
        assert google.key_file("a@x")["token_uri"] == f"{google.address}/token"
