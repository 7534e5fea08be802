"""Key files: what is read, and what is said of all others."""

import json
import os
import stat
import threading
import urllib.request

import pytest

from proxyfleet.lab.sheets import GoogleSheets
from proxyfleet.lab.sheets.accounts import Accounts
from proxyfleet.stores.sheets.errors import BadSheetKey
from proxyfleet.stores.sheets.keys import agree, key_from, write_secret


def file(tmp_path, told):
    path = tmp_path / "key.json"
    path.write_text(told if isinstance(told, str) else json.dumps(told))
    path.chmod(0o600)
    return path


def test_a_service_account(tmp_path):
    path = file(tmp_path, Accounts().service_account("robot@x", "http://127.0.0.1:1"))
    key = key_from(path)
    assert (key.account, key.open_to_others) == ("robot@x", False)
    assert key.credentials.scopes == ("https://www.googleapis.com/auth/spreadsheets",)
    path.chmod(0o644)
    assert key_from(path).open_to_others


def test_a_person(tmp_path):
    told = {"type": "authorized_user", "client_id": "c", "client_secret": "s", "refresh_token": "r"}
    assert key_from(file(tmp_path, told)).account == ""


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ("no json canary", "is no JSON"),
        ("[1]", "is no JSON"),
        ({}, "is no key of a Google account"),
        ({"type": "service_account", "client_email": "canary"}, "is a damaged key"),
        ({"type": "service_account", "client_email": "a", "token_uri": "x", "private_key": "canary"}, "is a damaged key"),
        ({"type": "authorized_user"}, "is a damaged key"),
        ({"installed": {"client_secret": "canary"}}, r"is an OAuth client, not yet a key; agree once: .* --oauth"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_file(tmp_path, told, words):
    with pytest.raises(BadSheetKey, match=words) as error:
        key_from(file(tmp_path, told))
    assert "canary" not in str(error.value)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(BadSheetKey, match="No such file or directory"):
        key_from(tmp_path / "nothing")


def test_secrets_are_written_for_this_user_only(tmp_path):
    path = tmp_path / "sub" / "token.json"
    write_secret(path, "x")
    write_secret(path, "y")
    assert (path.read_text(), stat.S_IMODE(path.stat().st_mode)) == ("y", 0o600)
    assert os.listdir(path.parent) == ["token.json"]


async def test_a_person_agrees_in_the_browser_and_the_key_works(tmp_path, monkeypatch):
    import asyncio
    import webbrowser

    from proxyfleet.stores.sheets.calls import Call
    from proxyfleet.stores.sheets.google import GoogleClient

    def browser(url, *_, **__):
        threading.Thread(target=lambda: urllib.request.urlopen(url).read(), daemon=True).start()
        return True

    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    monkeypatch.setattr(webbrowser, "get", lambda *_: type("Browser", (), {"open": staticmethod(browser)}))
    async with GoogleSheets() as google:
        client, token = file(tmp_path, google.accounts.oauth_client(google.address)), tmp_path / "token.json"
        await asyncio.wait_for(asyncio.to_thread(agree, client, token), 20)
        assert stat.S_IMODE(token.stat().st_mode) == 0o600
        found = GoogleClient(key_from(token).credentials, google.address)
        assert (await found.send(Call("GET", "/lab-sheet", "looking"))).status == 200
        assert google.calls[0].user == "person@example.com"
        found.close()


def test_only_desktop_clients_can_be_agreed_to(tmp_path):
    with pytest.raises(BadSheetKey, match="Desktop app"):
        agree(file(tmp_path, {"web": {}}), tmp_path / "token.json")
    with pytest.raises(BadSheetKey, match="nobody agreed"):
        agree(file(tmp_path, {"installed": {}}), tmp_path / "token.json")
