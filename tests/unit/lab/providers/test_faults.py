"""Faults: those before an order say nothing of it, those after it spoil what it said."""

import json

from proxyfleet.lab.httpd import Reply
from proxyfleet.lab.providers.faults import AFTER, BEFORE, KINDS

REPLY = Reply(body=json.dumps({"status": "yes", "price": "1.5", "list": [{"id": 1}]}).encode())


def test_each_spoils_the_answer():
    assert len(KINDS) == len(BEFORE) + len(AFTER)
    for name, spoil in AFTER.items():
        assert spoil(REPLY) != REPLY, name
    assert AFTER["lost"](REPLY).drop
    assert AFTER["stall"](REPLY).silent
    assert AFTER["cut"](REPLY).cut == len(REPLY.body) // 2


def test_wrong_types_and_new_names_still_say_yes():
    types = json.loads(AFTER["types"](REPLY).body)
    assert types == {"status": "yes", "price": ["1.5"], "list": {"0": [{"id": {"value": 1}}]}}
    drift = json.loads(AFTER["drift"](REPLY).body)
    assert drift == {"status": "yes", "price_v9": "1.5", "list_v9": [{"id_v9": 1}]}
