"""The stand-in without sockets: carries calls of `stores.sheets` straight into it, for programs in virtual time.

Whether a call is lost, late or refused is the stand-in's decision; this only says it as the real client would.
"""

import asyncio
import json
from urllib.parse import urlencode

from proxyfleet.stores.sheets.calls import BASE, Answer, Call, Lost, Send

from .google import GoogleSheets


def direct(google: GoogleSheets) -> Send:
    """What stands for `calls.Send`; the stand-in must not be `guarded`, for nobody signs in. Latency is slept."""

    async def send(call: Call) -> Answer:
        query = f"?{urlencode(call.query)}" if call.query else ""
        body = b"" if call.body is None else json.dumps(call.body).encode()
        reply = google.answer(call.method, f"{BASE}{call.path}{query}", body)
        if reply.delay:
            await asyncio.sleep(reply.delay)
        if reply.drop or reply.silent:
            raise Lost("no answer in time" if reply.silent else "connection failed", sent=True)
        try:
            told = json.loads(reply.body)
        except ValueError:
            told = None
        return Answer(reply.status, told if isinstance(told, dict) else None)

    return send
