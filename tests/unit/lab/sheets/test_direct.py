"""Calls without sockets."""

import pytest

from proxyfleet.lab.sheets.direct import direct
from proxyfleet.stores.sheets.calls import Answer, Call, Lost

READ = Call("GET", "/lab-sheet/values/Proxies%21A1", "reading", (("valueRenderOption", "FORMULA"),))


async def test_answers_are_the_stand_ins(google):
    status, told = await direct(google)(READ)
    assert (status, told["values"]) == (200, [["host"]])
    body = {"valueInputOption": "RAW", "data": [{"range": "A1", "values": [["x"]]}]}
    assert (await direct(google)(Call("POST", "/lab-sheet/values:batchUpdate", "writing", (), body))).status == 200
    assert google.book.text()[0][0] == "x"
    google.faults.queue("503-html")
    assert await direct(google)(READ) == Answer(503, None)


@pytest.mark.parametrize("fault", ["lost", "stall", "cut"])
async def test_answers_that_never_come(google, fault):
    google.faults.queue(fault)
    with pytest.raises(Lost) as lost:
        await direct(google)(READ)
    assert lost.value.sent


async def test_latency_is_slept(google):
    google.latency = 0.01
    assert (await direct(google)(READ)).status == 200
