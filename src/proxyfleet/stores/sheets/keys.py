"""Credentials for Google from a file: a service account's key, or what a person agreed to by OAuth. Blocking.

The file's content never comes into a message. Tokens are fetched by whoever uses the credentials.
"""

import json
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from google.auth.credentials import Credentials
from google.oauth2.credentials import Credentials as PersonCredentials
from google.oauth2.service_account import Credentials as ServiceCredentials

from .errors import BadSheetKey

SCOPES: Final = ("https://www.googleapis.com/auth/spreadsheets",)
LARGEST: Final = 65_536


class Key(NamedTuple):
    """`account` is the e-mail address that spreadsheets are shared with, empty for a person; `open_to_others`: its mode."""

    credentials: Credentials
    account: str
    open_to_others: bool


def key_from(path: Path) -> Key:
    """The credentials in a file. Raises `BadSheetKey` with what is wrong with it and where to get another."""
    told = _json(path)
    kind = str(told.get("type", ""))
    try:
        if kind == "service_account":
            made = ServiceCredentials.from_service_account_info(told, scopes=SCOPES)  # type: ignore[no-untyped-call]
            return Key(made, str(told["client_email"]), _open_to_others(path))
        if kind == "authorized_user":
            person = PersonCredentials.from_authorized_user_info(told, SCOPES)  # type: ignore[no-untyped-call]
            return Key(person, "", _open_to_others(path))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise BadSheetKey(
            f"{path} is a damaged key: a part of it is missing or cannot be read; download it again"
        ) from None
    if "installed" in told or "web" in told:
        raise BadSheetKey(
            f"{path} is an OAuth client, not yet a key; agree once: `proxyfleet sheet connect URL --oauth {path}`"
        )
    raise BadSheetKey(f"{path} is no key of a Google account; download the JSON key of a service account")


def agree(client_file: Path, token_file: Path) -> None:
    """Let a person agree in the browser, and keep what they agreed to in a file of mode 0600. Raises `BadSheetKey`."""
    import webbrowser

    from gspread.auth import local_server_flow
    from oauthlib.oauth2 import OAuth2Error  # type: ignore[import-untyped]
    from requests import RequestException

    told = _json(client_file)
    if "installed" not in told:
        raise BadSheetKey(f"{client_file} is no OAuth client of the type 'Desktop app'; make one and download its JSON")
    try:
        found = local_server_flow(told, SCOPES)
        text = str(found.to_json())  # type: ignore[no-untyped-call]
    except (OAuth2Error, RequestException, webbrowser.Error, OSError, ValueError, AttributeError) as error:
        raise BadSheetKey(
            f"nobody agreed ({type(error).__name__}); run the command again and agree in the browser"
        ) from None
    write_secret(token_file, text if '"type"' in text else json.dumps({**json.loads(text), "type": "authorized_user"}))


def write_secret(path: Path, text: str) -> None:
    """A file that only this user may read, whole or not at all."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with open(handle, "w", encoding="utf-8") as file:
        file.write(text)
    draft.replace(path)


def _json(path: Path) -> Mapping[str, Any]:
    """Any: what JSON holds."""
    try:
        with path.open("rb") as file:
            raw = file.read(LARGEST + 1)
        told: object = json.loads(raw) if len(raw) <= LARGEST else None
    except OSError as error:
        raise BadSheetKey(
            f"the key file {path} cannot be read ({error.strerror}); correct --key-file or sheet.key_file"
        ) from None
    except ValueError:
        told = None
    if not isinstance(told, dict):
        raise BadSheetKey(f"{path} is no JSON; download the JSON key of a service account")
    return told


def _open_to_others(path: Path) -> bool:
    return bool(path.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH))
