"""The real gspread client against the lab's Google Sheets, unchanged but for the address: every call of values and batches."""

import asyncio
from collections.abc import AsyncIterator, Callable

import gspread
import pytest
from google.oauth2.service_account import Credentials
from gspread.http_client import HTTPClient

from proxyfleet.lab.sheets import GoogleSheets, People, Spreadsheet

EMAIL = "fleet@lab.iam.gserviceaccount.com"


def pointed_at(address: str) -> type[HTTPClient]:
    class Pointed(HTTPClient):
        def request(self, method, endpoint, *args, **kwargs):
            return super().request(method, endpoint.replace("https://sheets.googleapis.com", address), *args, **kwargs)

    return Pointed


def client(google: GoogleSheets, info=None) -> gspread.Client:
    found = Credentials.from_service_account_info(info or google.key_file(EMAIL), scopes=["sheets"])
    made = gspread.Client(found, http_client=pointed_at(google.address))
    made.set_timeout(5)
    return made


@pytest.fixture
async def google() -> AsyncIterator[GoogleSheets]:
    async with GoogleSheets(Spreadsheet(tab="Proxies")) as running:
        yield running


async def off(call: Callable[[], object]) -> object:
    return await asyncio.to_thread(call)


async def sheet_of(google: GoogleSheets) -> gspread.Worksheet:
    return await off(lambda: client(google).open_by_key("lab-sheet").worksheet("Proxies"))


async def test_values_there_and_back(google: GoogleSheets) -> None:
    sheet = await sheet_of(google)
    await off(lambda: sheet.update([["host", "port"], ["192.0.2.1", 8080]], "A1"))
    assert await off(lambda: sheet.get_all_values()) == [["host", "port"], ["192.0.2.1", "8080"]]
    assert await off(lambda: sheet.get_all_records()) == [{"host": "192.0.2.1", "port": 8080}]
    await off(lambda: sheet.append_row(["192.0.2.2", 81]))
    await off(lambda: sheet.batch_update([{"range": "B2", "values": [[82]]}, {"range": "A3", "values": [["x"]]}]))
    assert google.book.text() == [["host", "port"], ["192.0.2.1", "82"], ["x", "81"]]
    assert (await off(lambda: sheet.find("x"))).address == "A3"
    assert await off(lambda: sheet.batch_get(["A1:A2", "B:B"])) == [
        [["host"], ["192.0.2.1"]],
        [["port"], ["82"], ["81"]],
    ]
    await off(lambda: sheet.batch_clear(["A3:B3"]))
    assert await off(lambda: sheet.col_values(1)) == ["host", "192.0.2.1"]


async def test_raw_and_as_typed(google: GoogleSheets) -> None:
    sheet = await sheet_of(google)
    await off(lambda: sheet.update([["007", "=1+1", "2026-12-31", "+5"]], "A1", raw=True))
    await off(lambda: sheet.update([["007", "=1+1", "2026-12-31", "+5"]], "A2", raw=False))
    assert google.book.text() == [["007", "=1+1", "2026-12-31", "+5"], ["7", "2", "2026-12-31", "5"]]
    unformatted = gspread.utils.ValueRenderOption.unformatted
    assert await off(lambda: sheet.get("A2:D2", value_render_option=unformatted)) == [[7, 2, 46387, 5]]
    assert (await off(lambda: sheet.acell("B2", value_render_option="FORMULA"))).value == "=1+1"


async def test_structure(google: GoogleSheets) -> None:
    sheet = await sheet_of(google)
    await off(lambda: sheet.update([["n"], ["3"], ["1"], ["2"]], "A1", raw=False))
    await off(lambda: sheet.insert_row(["4"], 2))
    await off(lambda: sheet.sort((1, "asc"), range="A2:A5"))
    assert google.book.text() == [["n"], ["1"], ["2"], ["3"], ["4"]]
    await off(lambda: sheet.delete_rows(2))
    await off(lambda: sheet.freeze(rows=1))
    await off(lambda: sheet.format("A1", {"textFormat": {"bold": True}}))
    await off(lambda: sheet.add_protected_range("A1:A1", "owner@example.com"))
    other = await off(lambda: sheet.spreadsheet.add_worksheet("other", 10, 3))
    assert (other.row_count, other.col_count) == (10, 3)
    assert google.book.tab.frozen == 1
    assert dict(google.book.tab.rows[0][0].look) == {"textFormat": {"bold": True}}
    with pytest.raises(gspread.exceptions.APIError, match="protected"):
        await off(
            lambda: client(google, google.key_file("b@x")).open_by_key("lab-sheet").sheet1.update_acell("A1", "x")
        )


async def test_refusals_are_googles(google: GoogleSheets) -> None:
    with pytest.raises(gspread.exceptions.SpreadsheetNotFound):
        await off(lambda: client(google).open_by_key("another"))
    sheet = await sheet_of(google)
    with pytest.raises(gspread.exceptions.APIError, match=r"\[400\]: Unable to parse range: 'Nowhere'!A1"):
        await off(lambda: sheet.spreadsheet.values_get("'Nowhere'!A1"))
    google.writers = set()
    with pytest.raises(PermissionError):
        await off(lambda: client(google).open_by_key("lab-sheet"))
    google.readers.add(EMAIL)
    with pytest.raises(gspread.exceptions.APIError, match=r"\[403\]: The caller does not have permission"):
        await off(lambda: sheet.update_acell("A1", "x"))
    assert await off(lambda: sheet.acell("A1")) is not None


async def test_quota_and_html_errors_as_gspread_sees_them(google: GoogleSheets) -> None:
    sheet = await sheet_of(google)
    google.faults.queue("503-html")
    with pytest.raises(gspread.exceptions.APIError) as html:
        await off(lambda: sheet.acell("A1"))
    assert (html.value.code, html.value.response.status_code) == (-1, 503)

    def many() -> None:
        for _ in range(61):
            sheet.acell("A1")

    with pytest.raises(gspread.exceptions.APIError, match="'Read requests per minute per user'"):
        await off(many)
    assert [code for _, code in google.refused] == [429]
    await off(lambda: sheet.update_acell("A1", "writes have a quota of their own"))


async def test_a_key_that_is_not_known_gets_no_token(google: GoogleSheets) -> None:
    from google.auth.exceptions import RefreshError

    stranger = GoogleSheets().accounts.service_account(EMAIL, google.address)
    with pytest.raises(RefreshError, match="invalid_grant: Invalid JWT Signature"):
        await off(lambda: client(google, stranger).open_by_key("lab-sheet"))


async def test_an_answer_that_was_lost_has_been_carried_out(google: GoogleSheets) -> None:
    import requests

    sheet = await sheet_of(google)
    google.faults.queue("lost", on="write")
    with pytest.raises(requests.exceptions.ConnectionError):
        await off(lambda: sheet.update_acell("A1", "written"))
    assert google.book.text() == [["written"]]
    google.go_away()
    with pytest.raises(requests.exceptions.ConnectionError):
        await off(lambda: sheet.acell("A1"))
    google.come_back()
    assert (await off(lambda: sheet.acell("A1"))).value == "written"


async def test_people_edit_between_two_calls(google: GoogleSheets) -> None:
    from random import Random

    sheet = await sheet_of(google)
    await off(lambda: sheet.update([["host"], ["a"], ["b"]], "A1"))
    people = People(google.book, Random(1))

    def swap(call) -> None:
        if call.kind == "write":
            google.book.tab.move_row(2, 1)

    google.before.append(swap)
    row = (await off(lambda: sheet.find("a"))).row
    await off(lambda: sheet.update_cell(row, 2, "for a"))
    assert google.book.text() == [["host"], ["b", "for a"], ["a"]]
    assert people.find("host", "b") == 1
