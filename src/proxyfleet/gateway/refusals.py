"""Every answer that the gateway gives in its own name: a table from stable code to status, RFC 9209 error type and one
line.

`docs/reference/gateway-errors.md` lists the same codes. No answer carries a byte of the request, an address of a proxy
or a credential (CVE-2025-62168 is what happens otherwise).
"""

from http import HTTPStatus
from typing import NamedTuple

from proxyfleet.wire.http1_head import HeadError


class Refused(NamedTuple):
    """`error` is a type of RFC 9209 §2.3 for the Proxy-Status field; `text` is for people."""

    status: int
    error: str
    text: str


REFUSALS: dict[str, Refused] = {
    "credentials_missing": Refused(407, "http_request_denied", "send gateway credentials (Proxy-Authorization: Basic)"),
    "credentials_wrong": Refused(407, "http_request_denied", "the gateway does not know this user name and password"),
    "too_many_failures": Refused(429, "http_request_denied", "too many wrong credentials from this address; wait"),
    "client_not_allowed": Refused(403, "http_request_denied", "this client address is not allowed to use the gateway"),
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
    "bad_request_body": Refused(400, "http_request_error", "the chunks of the request body are malformed"),
    "overloaded": Refused(503, "connection_limit_reached", "too many connections; try again"),
    "no_proxy": Refused(503, "destination_unavailable", "no proxy is available for this request"),
    "proxy_unreachable": Refused(502, "connection_refused", "the proxy could not be reached"),
    "proxy_unresolved": Refused(502, "dns_error", "the name of the proxy could not be resolved"),
    "proxy_dial_timeout": Refused(504, "connection_timeout", "the proxy did not accept a connection in time"),
    "proxy_auth": Refused(502, "proxy_configuration_error", "the proxy refused the credentials the fleet has for it"),
    "proxy_quota": Refused(502, "proxy_configuration_error", "the account of the proxy has used up its traffic"),
    "proxy_rate_limited": Refused(502, "http_request_denied", "the proxy asks for fewer requests"),
    "proxy_banned": Refused(502, "http_request_denied", "the proxy does not serve this destination"),
    "proxy_failed": Refused(502, "destination_unavailable", "the proxy could not reach the destination"),
    "proxy_protocol": Refused(502, "http_protocol_error", "the proxy did not answer in HTTP"),
    "proxy_closed": Refused(502, "connection_terminated", "the proxy closed the connection without an answer"),
    "tunnel_timeout": Refused(504, "http_response_timeout", "the proxy did not open the tunnel in time"),
    "answer_timeout": Refused(504, "http_response_timeout", "no answer came in time"),
    "local_resources": Refused(503, "proxy_internal_error", "the gateway has no sockets left; try again"),
}

MALFORMED = "the request is not one that all servers read alike"
"""For the codes of `wire.http1_head.HeadError` that have no line of their own."""


def refused(error: HeadError) -> Refused:
    """What to answer to a head that is refused."""
    return REFUSALS.get(error.code) or Refused(error.status, "http_request_error", MALFORMED)


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
    return head + extra + ending + (b"" if bodiless else body)
