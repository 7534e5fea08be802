"""Who may call: service accounts, OAuth clients and the token endpoint, as Google's. Tokens live an hour by the given clock.

Keys are made here and good for nothing elsewhere.
"""

import base64
import binascii
import json
import secrets
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlencode

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from proxyfleet.lab.httpd import Reply, json_reply

from .spreadsheet import Json

LIFETIME = 3600.0
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"


@dataclass(slots=True)
class Accounts:
    """Known accounts and the tokens they hold; `revoked` accounts get none."""

    _keys: dict[str, rsa.RSAPrivateKey] = field(default_factory=dict)
    _tokens: dict[str, tuple[str, float]] = field(default_factory=dict)
    _grants: dict[str, str] = field(default_factory=dict)
    revoked: set[str] = field(default_factory=set)

    def service_account(self, email: str, address: str) -> Json:
        """The key file of a service account, whose tokens come from `address`."""
        key = self._keys.setdefault(email, rsa.generate_private_key(public_exponent=65537, key_size=2048))
        form = serialization.PrivateFormat.PKCS8
        text = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()
        return {
            "type": "service_account",
            "project_id": "lab",
            "private_key_id": "lab-key",
            "private_key": text,
            "client_email": email,
            "client_id": "1",
            "token_uri": f"{address}/token",
        }

    def oauth_client(self, address: str) -> Json:
        """The file of an OAuth client for installed programs; whoever opens its page has agreed."""
        told = {"client_id": "lab-client", "client_secret": "lab-secret", "redirect_uris": ["http://localhost"]}
        return {"installed": told | {"auth_uri": f"{address}/o/oauth2/auth", "token_uri": f"{address}/token"}}

    def holder(self, authorization: str | None, now: float) -> str | None:
        """The account of an Authorization header; None when the token is unknown or old."""
        token = (authorization or "").removeprefix("Bearer ")
        email, until = self._tokens.get(token, ("", 0.0))
        return email if until > now else None

    def expire(self) -> None:
        """Every token is too old from now on."""
        self._tokens.clear()

    def agree(self, query: str) -> Reply:
        """The page where a person agrees: sends the browser back with a code at once."""
        asked = {name: values[0] for name, values in parse_qs(query).items()}
        code = secrets.token_urlsafe(12)
        self._grants[code] = "person@example.com"
        target = f"{asked.get('redirect_uri', '')}?{urlencode({'code': code, 'state': asked.get('state', '')})}"
        return Reply(302, headers=(("Location", target),))

    def token(self, body: bytes, now: float) -> Reply:
        """The token endpoint."""
        form = {name: values[0] for name, values in parse_qs(body.decode("latin-1")).items()}
        grant = form.get("grant_type")
        email = self._signed(form.get("assertion", "")) if grant == JWT_BEARER else None
        if grant in ("refresh_token", "authorization_code"):
            email = self._grants.get(form.get("refresh_token") or form.get("code") or "")
        if email is None or email in self.revoked:
            said = "Invalid JWT Signature." if grant == JWT_BEARER else "Token has been expired or revoked."
            return json_reply({"error": "invalid_grant", "error_description": said}, 400)
        return json_reply(self._issued(email, now, refresh=grant == "authorization_code"))

    def _issued(self, email: str, now: float, *, refresh: bool) -> Json:
        token = secrets.token_urlsafe(16)
        self._tokens[token] = email, now + LIFETIME
        told: Json = {"access_token": token, "expires_in": int(LIFETIME) - 1, "token_type": "Bearer"}
        if refresh:
            told["refresh_token"] = secrets.token_urlsafe(16)
            self._grants[str(told["refresh_token"])] = email
        return told

    def _signed(self, assertion: str) -> str | None:
        """The account that signed a JWT (RFC 7519, RS256); None when nobody known has."""
        signed, _, signature = assertion.rpartition(".")
        try:
            claims = json.loads(_decoded(signed.partition(".")[2]))
            key = self._keys[claims["iss"]]
            key.public_key().verify(_decoded(signature), signed.encode(), padding.PKCS1v15(), hashes.SHA256())
        except (ValueError, KeyError, TypeError, InvalidSignature, binascii.Error):
            return None
        return str(claims["iss"])


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
