"""R10 for SOCKS: every handshake of `tests/data/http/socks.txt` is answered as the table says, at once or dripping."""

import pytest
from tests.integration.gatewaykit import USERS, Kit, echoing
from tests.strict.corpora import spelt
from tests.strict.tables import rows

TABLE = rows("socks")
OPENED = ("05000001000000000000", "005a000000000000")


async def answer(kit, wire, wanted, *, drip):
    """What comes back, in hexadecimal. An opened tunnel is left by the client, a refusal is closed by the gateway."""
    client = await kit.client()
    for piece in [wire[at : at + 1] for at in range(len(wire))] if drip else [wire]:
        client.send(piece)
        if drip:
            await client.writer.drain()
    opened = any(mark in wanted for mark in OPENED)
    got = await client.read(len(bytes.fromhex(wanted))) if opened else await client.read_all()
    client.abort()
    return got.hex()


@pytest.mark.parametrize("drip", [False, True], ids=["at once", "dripping"])
@pytest.mark.parametrize("users", ["yes", "no"])
async def test_every_handshake_gets_its_answer(users, drip):
    wrong, opened = [], 0
    async with Kit(echoing, users=USERS if users == "yes" else None) as kit:
        for name, row in TABLE.items():
            if row["users"] != users:
                continue
            wanted = row["gets"].replace(" ", "")
            got = await answer(kit, spelt(row["sends"]), wanted, drip=drip)
            opened += any(mark in wanted for mark in OPENED)
            if got != wanted:
                wrong.append((name, wanted, got))
        assert len(kit.upstreams[0].peers) == opened, "a refusal reaches no upstream proxy"
    assert not wrong


def test_the_table_names_a_rule_for_each():
    assert len(TABLE) >= 55
    assert all(row["source"].startswith(("RFC ", "SOCKS4")) for row in TABLE.values())
