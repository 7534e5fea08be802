"""The real client as a sender of calls, against the lab."""

import pytest
from google.oauth2.service_account import Credentials

from proxyfleet.lab.sheets import GoogleSheets, Spreadsheet
from proxyfleet.lab.sheets.accounts import Accounts
from proxyfleet.stores.sheets.calls import Answer, Call, Lost
from proxyfleet.stores.sheets.errors import BadSheetKey, SheetUnusable
from proxyfleet.stores.sheets.google import GoogleClient, check_address

READ = Call("GET", "/lab-sheet/values:batchGet", "reading", (("ranges", "'T'!A1"), ("ranges", "B1")))
WRITE = Call(
    "POST",
    "/lab-sheet/values:batchUpdate",
    "writing",
    (),
    {"valueInputOption": "RAW", "data": [{"range": "A1", "values": [["x"]]}]},
)


def client(google, info=None, timeouts=(1.0, 1.0)):
    found = info or google.key_file("a@x")
    return GoogleClient(Credentials.from_service_account_info(found, scopes=["s"]), google.address, timeouts)


@pytest.fixture
async def google():
    async with GoogleSheets(Spreadsheet(tab="T")) as running:
        yield running


async def test_calls_arrive_as_they_are_meant(google):
    sender = client(google)
    assert (await sender.send(WRITE)).status == 200
    status, told = await sender.send(READ)
    assert (status, [one.get("values") for one in told["valueRanges"]]) == (200, [[["x"]], None])
    assert [call.verb for call in google.calls] == ["values.batchUpdate", "values.batchGet"]
    sender.close()


@pytest.mark.parametrize(
    ("fault", "status"),
    [("429", 429), ("500", 500), ("503-html", 503), ("502-html", 502), ("404", 404), ("not-json", 200)],
)
async def test_statuses_are_those_of_http_whatever_the_body(google, fault, status):
    sender = client(google)
    google.faults.queue(fault)
    answer = await sender.send(READ)
    assert answer.status == status
    assert (answer.told is None) == (fault in ("503-html", "502-html", "not-json"))
    sender.close()


@pytest.mark.parametrize("fault", ["lost", "cut", "stall"])
async def test_answers_that_never_come_may_have_been_carried_out(google, fault):
    sender = client(google, timeouts=(0.3, 0.3))
    await sender.send(READ)
    google.faults.queue(fault)
    with pytest.raises(Lost) as lost:
        await sender.send(WRITE)
    assert lost.value.sent
    assert "http" not in str(lost.value)
    sender.close()


async def test_a_call_that_never_left(google):
    sender = client(google)
    await sender.send(READ)
    google.go_away()
    with pytest.raises(Lost) as lost:
        await sender.send(WRITE)
    google.come_back()
    assert await sender.send(WRITE) == Answer(200, (await sender.send(WRITE)).told)
    sender.close()
    assert lost.value.sent in (False, True)


async def test_a_key_that_google_does_not_know(google):
    stranger = Accounts().service_account("a@x", google.address)
    sender = client(google, stranger)
    with pytest.raises(BadSheetKey, match=r"does not accept the key \(invalid_grant: Invalid JWT Signature"):
        await sender.send(READ)
    sender.close()


async def test_a_token_that_ran_out_is_renewed(google):
    sender = client(google)
    await sender.send(READ)
    google.accounts.expire()
    assert (await sender.send(READ)).status == 200
    sender.close()


@pytest.mark.parametrize("address", ["http://example.com", "ftp://x", "nonsense", ""])
def test_tokens_are_never_sent_in_the_clear(address):
    with pytest.raises(SheetUnusable, match="is no address for the Sheets API"):
        check_address(address)


def test_fitting_addresses():
    for address in ("https://sheets.googleapis.com", "http://127.0.0.1:1", "http://[::1]:1"):
        check_address(address)
