"""Every answer that the gateway gives in its own name: a table from stable code to status, RFC 9209 error type and one
line.

`docs/reference/gateway-errors.md` lists the same codes. No answer carries a byte of the request, an address of a proxy
or a credential (CVE-2025-62168 is what happens otherwise).
"""

import math
from http import HTTPStatus
from typing import NamedTuple

from proxyfleet.wire.http1_head import HeadError
from proxyfleet.wire.parameters import PARAMETERS
from proxyfleet.wire.socks import Reply


class Refused(NamedTuple):
    """`error` is a type of RFC 9209 §2.3 for the Proxy-Status field; `text` is for people."""

    status: int
    error: str
    text: str


def retry_after(seconds: float) -> bytes:
    """The field line; at least 1 s and at most an hour."""
    return b"Retry-After: %d\r\n" % max(1, math.ceil(min(seconds, 3600.0)))


REFUSALS: dict[str, Refused] = {
    "credentials_missing": Refused(407, "http_request_denied", "send gateway credentials (Proxy-Authorization: Basic)"),
    "credentials_wrong": Refused(407, "http_request_denied", "the gateway does not know this user name and password"),
    "too_many_failures": Refused(429, "http_request_denied", "too many wrong credentials from this address; wait"),
    "client_not_allowed": Refused(403, "http_request_denied", "this client address is not allowed to use the gateway"),
    "user_selector": Refused(403, "proxy_configuration_error", "the selector of this gateway user cannot be read"),
    "parameter_unknown": Refused(
        400, "http_request_error", f"there is no such parameter; there are {', '.join(PARAMETERS)}"
    ),
    "parameter_value": Refused(400, "http_request_error", "a parameter has an impossible value"),
    "parameter_without_value": Refused(400, "http_request_error", "a parameter has no value"),
    "parameter_twice": Refused(400, "http_request_error", "a parameter is there twice, or contradicts another"),
    "parameter_without_session": Refused(400, "http_request_error", "a parameter is of use in a session only"),
    "parameters_too_long": Refused(400, "http_request_error", "the parameters of the user name are too long"),
    "not_a_proxy_request": Refused(
        400, "http_request_error", "this is a proxy: send an absolute http:// URL or CONNECT"
    ),
    "https_needs_connect": Refused(400, "http_request_error", "use CONNECT for https:// URLs"),
    "host_missing": Refused(400, "http_request_error", "the Host field is missing"),
    "host_mismatch": Refused(400, "http_request_error", "Host names another server than the request line"),
    "destination_private": Refused(403, "destination_ip_prohibited", "private and local destinations are not served"),
    "own_address": Refused(403, "destination_ip_prohibited", "the gateway does not connect to itself"),
    "connect_port": Refused(403, "http_request_denied", "CONNECT to this port is not allowed"),
    "loop": Refused(508, "proxy_loop_detected", "the request came through this gateway before"),
    "expectation_unknown": Refused(417, "http_request_error", "only Expect: 100-continue is understood"),
    "head_timeout": Refused(408, "http_request_error", "the request head did not arrive in time"),
    "body_timeout": Refused(408, "http_request_error", "the request body stopped arriving"),
    "body_too_large": Refused(413, "http_request_error", "the request body is larger than this gateway takes"),
    "bad_request_body": Refused(400, "http_request_error", "the chunks of the request body are malformed"),
    "overloaded": Refused(503, "connection_limit_reached", "too many connections; try again"),
    "no_proxy": Refused(503, "destination_unavailable", "no proxy is available for this request"),
    "user_concurrency": Refused(429, "http_request_denied", "this user has as many requests under way as it may"),
    "user_rate": Refused(429, "http_request_denied", "this user sends requests faster than it may"),
    "user_bytes": Refused(429, "http_request_denied", "this user has used up its bytes for now"),
    "target_busy": Refused(503, "connection_limit_reached", "too many requests to this destination are under way"),
    "sessions_off": Refused(503, "proxy_configuration_error", "this gateway has no place to keep sessions and leases"),
    "session_timeout": Refused(504, "proxy_internal_response", "the session could not be begun in time"),
    "session_store_away": Refused(503, "proxy_internal_error", "sessions cannot be begun while the store is away"),
    "session_stuck": Refused(502, "destination_unavailable", "the proxy of the pinned session cannot be used now"),
    "lease_ended": Refused(403, "http_request_denied", "the lease has ended, or is somebody else's"),
    "proxy_unreachable": Refused(502, "connection_refused", "the proxy could not be reached"),
    "proxy_unresolved": Refused(502, "dns_error", "the name of the proxy could not be resolved"),
    "proxy_dial_timeout": Refused(504, "connection_timeout", "the proxy did not accept a connection in time"),
    "proxy_tls": Refused(502, "tls_protocol_error", "the proxy did not complete a TLS handshake"),
    "proxy_certificate": Refused(502, "tls_certificate_error", "the certificate of the proxy is not trusted"),
    "proxy_auth": Refused(502, "proxy_configuration_error", "the proxy refused the credentials the fleet has for it"),
    "proxy_quota": Refused(502, "proxy_configuration_error", "the account of the proxy has used up its traffic"),
    "proxy_rate_limited": Refused(502, "http_request_denied", "the proxy asks for fewer requests"),
    "proxy_banned": Refused(502, "http_request_denied", "the proxy does not serve this destination"),
    "proxy_failed": Refused(502, "destination_unavailable", "the proxy could not reach the destination"),
    "proxy_protocol": Refused(502, "http_protocol_error", "the proxy did not answer in the protocol of its scheme"),
    "target_protocol": Refused(502, "http_protocol_error", "the destination answered as if it were a proxy"),
    "target_unresolved": Refused(502, "dns_error", "the name of the destination has no usable address"),
    "proxy_closed": Refused(502, "connection_terminated", "the proxy closed the connection without an answer"),
    "tunnel_timeout": Refused(504, "http_response_timeout", "the proxy did not open the tunnel in time"),
    "answer_timeout": Refused(504, "http_response_timeout", "no answer came in time"),
    "local_resources": Refused(503, "proxy_internal_error", "the gateway has no sockets left; try again"),
    "tls_not_offered": Refused(400, "tls_protocol_error", "this gateway has no certificate"),
    "socks_malformed": Refused(400, "http_request_error", "the SOCKS handshake is malformed"),
    "socks_command": Refused(400, "http_request_denied", "of SOCKS only CONNECT is served"),
    "socks_address_type": Refused(400, "http_request_error", "this SOCKS address type is unknown"),
}
"""The last four have no HTTP answer; their status stands for the kind of fault."""

SOCKS_REPLIES: dict[str, Reply] = {
    **dict.fromkeys(("destination_private", "own_address", "connect_port", "proxy_banned"), Reply.FORBIDDEN),
    **dict.fromkeys(("client_not_allowed", "user_selector", "lease_ended"), Reply.FORBIDDEN),
    **dict.fromkeys(
        ("proxy_unreachable", "proxy_unresolved", "proxy_tls", "proxy_certificate"), Reply.NETWORK_UNREACHABLE
    ),
    **dict.fromkeys(("proxy_failed", "target_unresolved"), Reply.HOST_UNREACHABLE),
    **dict.fromkeys(("proxy_dial_timeout", "tunnel_timeout", "answer_timeout", "session_timeout"), Reply.TIMED_OUT),
    "socks_command": Reply.BAD_COMMAND,
    "socks_address_type": Reply.BAD_ADDRESS_TYPE,
}
"""What SOCKS5 says for our codes (RFC 1928 §6); every other code is `Reply.FAILED`."""

WAITS = {code: retry_after(1.0) for code in ("overloaded", "local_resources")}
"""Refusals that are over as soon as others have gone, and say so wherever they are told."""

MALFORMED = "the request is not one that all servers read alike"
"""For the codes of `wire.http1_head.HeadError` that have no words of their own."""
TOO_MUCH = {
    "line_too_long": "the request line is too long",
    "head_too_large": "the header fields are too large",
    "too_many_fields": "there are too many header fields",
    "version_not_supported": "of HTTP the versions 1.0 and 1.1 are served",
    "method_not_served": "this method is not served",
}
"""Heads that all servers read alike, and that are refused all the same."""


def refused(error: HeadError) -> Refused:
    """What to answer to a head that is refused."""
    known = REFUSALS.get(error.code)
    if known is None:
        return Refused(error.status, "http_request_error", TOO_MUCH.get(error.code, MALFORMED))
    return known if not error.detail else known._replace(text=f"{known.text}: {error.detail}")


def refused_by(code: str) -> Refused:
    """The line of the table."""
    return REFUSALS[code]


def render(code: str, answer: Refused, *, extra: bytes = b"", close: bool, bodiless: bool = False) -> bytes:
    """The whole answer. `extra` are further field lines; `bodiless` leaves the body out (HEAD)."""
    body = f"proxyfleet: {code}: {answer.text}\n".encode()
    phrase = HTTPStatus(answer.status).phrase
    head = (
        f"HTTP/1.1 {answer.status} {phrase}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {len(body)}\r\n"
        f'Cache-Control: no-store\r\nProxy-Status: proxyfleet; error={answer.error}; details="{code}"\r\n'
    ).encode()
    ending = b"Connection: close\r\n\r\n" if close else b"\r\n"
    return head + (extra or WAITS.get(code, b"")) + ending + (b"" if bodiless else body)
