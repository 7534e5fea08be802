"""Tokens for those who sign with a known key."""

import json
import time

from google.auth import crypt, jwt

from proxyfleet.lab.sheets.accounts import JWT_BEARER, Accounts

URL = "http://127.0.0.1:1"


def assertion(info, **claims):
    now = int(time.time())
    told = {"iss": info["client_email"], "aud": info["token_uri"], "iat": now, "exp": now + 60, **claims}
    return jwt.encode(crypt.RSASigner.from_service_account_info(info), told).decode()


def asked(accounts, now=0.0, **form):
    return accounts.token("&".join(f"{name}={value}" for name, value in form.items()).encode(), now)


def test_a_signature_is_worth_a_token_for_an_hour():
    accounts = Accounts()
    info = accounts.service_account("a@x", URL)
    reply = asked(accounts, grant_type=JWT_BEARER, assertion=assertion(info))
    bearer = f"Bearer {json.loads(reply.body)['access_token']}"
    assert (accounts.holder(bearer, 3599.0), accounts.holder(bearer, 3600.0)) == ("a@x", None)
    assert accounts.holder("Bearer x", 0.0) is accounts.holder(None, 0.0) is None
    accounts.expire()
    assert accounts.holder(bearer, 0.0) is None


def test_no_token_for_strangers_and_the_revoked():
    accounts = Accounts()
    info = accounts.service_account("a@x", URL)
    stranger = Accounts().service_account("a@x", URL)
    for wrong in (assertion(stranger), assertion(info, iss="b@x"), "x", "a.b.c", ""):
        reply = asked(accounts, grant_type=JWT_BEARER, assertion=wrong)
        assert (reply.status, json.loads(reply.body)["error"]) == (400, "invalid_grant")
    accounts.revoked.add("a@x")
    assert asked(accounts, grant_type=JWT_BEARER, assertion=assertion(info)).status == 400


def test_a_person_agrees_and_is_refreshed():
    accounts = Accounts()
    assert accounts.oauth_client(URL)["installed"]["auth_uri"] == f"{URL}/o/oauth2/auth"
    back = accounts.agree("redirect_uri=http://localhost:1/&state=s")
    location = dict(back.headers)["Location"]
    assert (back.status, location.startswith("http://localhost:1/?code="), "state=s" in location) == (302, True, True)
    code = location.partition("code=")[2].partition("&")[0]
    told = json.loads(asked(accounts, grant_type="authorization_code", code=code).body)
    again = asked(accounts, grant_type="refresh_token", refresh_token=told["refresh_token"])
    assert again.status == 200
    assert asked(accounts, grant_type="refresh_token", refresh_token="x").status == 400
