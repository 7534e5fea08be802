"""Sends calls by gspread, off the event loop: its session, its credentials and its errors. One worker thread, no retries.

gspread reports an HTML error page as code -1; the HTTP status of the response is what counts (`Answer.status`).
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final
from urllib.parse import urlsplit

from google.auth.credentials import Credentials
from google.auth.exceptions import GoogleAuthError, TransportError
from google.auth.transport.requests import AuthorizedSession
from gspread.client import Client
from gspread.exceptions import APIError
from gspread.http_client import HTTPClient
from gspread.urls import SPREADSHEETS_API_V4_BASE_URL
from requests import RequestException, Response
from requests.exceptions import ConnectionError as ConnectionFailed
from requests.exceptions import ConnectTimeout
from urllib3.exceptions import NewConnectionError

from .calls import BASE, Answer, Call, Lost
from .errors import BadSheetKey, SheetUnusable

ADDRESS: Final = "https://sheets.googleapis.com"
TIMEOUTS: Final = (5.0, 30.0)
"""Seconds to connect, and between two pieces of an answer."""


class GoogleClient:
    """`address` stands for Google's; `await send(call)` fits `calls.Send`."""

    def __init__(
        self, credentials: Credentials, address: str = ADDRESS, timeouts: tuple[float, float] = TIMEOUTS
    ) -> None:
        check_address(address)
        session = AuthorizedSession(credentials, refresh_timeout=timeouts[1], max_refresh_attempts=1)  # type: ignore[no-untyped-call]
        client = Client(auth=credentials, session=session, http_client=_pointed_at(address.rstrip("/")))
        client.set_timeout(timeouts)
        self._http = client.http_client
        self._session = session
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="proxyfleet-sheets")

    async def send(self, call: Call) -> Answer:
        """One call, carried out in the worker thread."""
        return await asyncio.get_running_loop().run_in_executor(self._worker, self._send, call)

    def close(self) -> None:
        """Let go of the thread and of connections; a call that is under way is not waited for."""
        self._worker.shutdown(wait=False, cancel_futures=True)
        self._session.close()  # type: ignore[no-untyped-call]

    def _send(self, call: Call) -> Answer:
        query: dict[str, Any] = {}  # Any: what requests takes, text or a list of texts
        for name, value in call.query:
            query.setdefault(name, []).append(value)
        try:
            response = self._http.request(
                call.method.lower(), SPREADSHEETS_API_V4_BASE_URL + call.path, query, json=call.body
            )
        except APIError as error:
            response = error.response
        except TransportError as error:
            raise Lost(_cause(error), sent=False) from None
        except GoogleAuthError as error:
            raise BadSheetKey(
                f"Google does not accept the key ({_said(error)}); make a new key for the account, and name its file"
            ) from None
        except RequestException as error:
            raise Lost(_cause(error), sent=not _never_left(error)) from None
        return _answer(response)


def _pointed_at(address: str) -> type[HTTPClient]:
    class Pointed(HTTPClient):
        """gspread's client at another address; its constants are bound at import and cannot be changed."""

        def request(self, method: str, endpoint: str, *args: Any, **more: Any) -> Response:  # Any: passed on as it is
            return super().request(
                method, endpoint.replace(SPREADSHEETS_API_V4_BASE_URL, address + BASE), *args, **more
            )

    return Pointed


def check_address(address: str) -> None:
    """Refuse to send a token over an unencrypted connection to anywhere but this machine."""
    parts = urlsplit(address)
    local = parts.hostname in ("127.0.0.1", "::1", "localhost")
    if not parts.hostname or parts.scheme not in ("https", "http") or (parts.scheme == "http" and not local):
        raise SheetUnusable(
            f"{address!r} is no address for the Sheets API; use https://, or leave sheet.address as it is"
        )


def _answer(response: Response) -> Answer:
    try:
        told: object = response.json()
    except ValueError:
        told = None
    return Answer(int(response.status_code), told if isinstance(told, dict) else None)


def _never_left(error: RequestException) -> bool:
    """Whether the connection was never made, so that nothing can have been carried out."""
    if isinstance(error, ConnectTimeout):
        return True
    reason = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(error, ConnectionFailed) and isinstance(reason, NewConnectionError)


def _cause(error: Exception) -> str:
    """The kind of the failure in words: texts of these errors hold whole URLs and are not shown."""
    kind = type(error).__name__
    return {"ConnectionError": "connection failed", "ReadTimeout": "no answer in time"}.get(kind, kind)


def _said(error: GoogleAuthError) -> str:
    text = str(error.args[0]) if error.args else type(error).__name__
    return text.splitlines()[0][:120] if text else type(error).__name__
