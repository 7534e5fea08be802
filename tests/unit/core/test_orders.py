"""Rows survive the way through JSON."""

import json

from proxyfleet.core.lease import FOREVER, Held, Hold, Holder, Lease
from proxyfleet.core.orders import as_list, hold_of, lease_of


def test_rows_survive_json() -> None:
    lease = Lease(17, 3, 42, 18, Holder("ann", "ü"), "site", "17x3f42", 1.5, 60.25)
    hold = Hold(1, "site", "", Held.ASSIGNMENT, Holder("ann"), 0.0, FOREVER, 7, "")
    assert lease_of(json.loads(json.dumps(as_list(lease)))) == lease
    back = hold_of(json.loads(json.dumps(as_list(hold))))
    assert back == hold
    assert back.kind is Held.ASSIGNMENT
