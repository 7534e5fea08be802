"""Messages for the fuzzers of HTTP/1: put together from pieces that parsers are known to disagree about, then bruised.

Everything comes from the generator that is given, so that a seed is a message.
"""

import random

METHODS = [b"GET", b"POST", b"PUT", b"HEAD", b"DELETE", b"OPTIONS", b"PATCH"] * 8
METHODS += [b"get", b"M-SEARCH", b"BREW", b"TRACE", b"CONNECT", b"G\x00T", b"GE T", b"\xc7ET", b""]
TARGETS = [
    b"http://a.test/",
    b"http://A.test:80/x?y=z",
    b"http://a.test",
    b'http://[::1]/%20|{}"',
    b"http://a.test?q",
] * 3
TARGETS += [b"/x", b"*", b"a.test:80", b"http://u@a.test/", b"http://a.test/#f", b"http://a.test/\t", b"http://127.1/"]
TARGETS += [
    b"http://a/\xe4",
    b"http:///",
    b"http://a.test:/",
    b"http://a.test\\@b.test/",
    b"https://a.test/",
    b"//a.test/",
]
TUNNELS = [b"a.test:443"] * 9 + [
    b"[::1]:443",
    b"a.test",
    b"a.test:0",
    b"http://a.test:443",
    b"u@a.test:443",
    b"a.test:443/",
]
VERSIONS = (
    [b"HTTP/1.1"] * 24
    + [b"HTTP/1.0"] * 2
    + [
        b"HTTP/1.0",
        b"HTTP/1.2",
        b"http/1.1",
        b"HTTP/2.0",
        b"HTTP/1.1 ",
        b"HTTP/1.1\t",
        b"HTTP/1.01",
    ]
)
STATUS = [
    b"200 OK",
    b"204 No Content",
    b"304 Not Modified",
    b"404 ",
    b"500",
    b"301 M\xf6ved",
    b"206 a\tb",
    b"200  x ",
] * 3
STATUS += [b"99 X", b"1000 X", b" 200 OK", b"200\tOK", b"+20 X", b"100 Continue", b"101 X", b"103 Hints", b"2\xb20 X"]

HOSTS = [
    b"Host: a.test",
    b"Host: a.test",
    b"host:a.test",
    b"Host: A.TEST:80",
    b"Host: [::1]",
    b"Host: b.test",
    b"Host:",
]
LENGTHS = [
    *(
        b"Content-Length: 5",
        b"Content-Length: 0",
        b"Content-Length: 05",
        b"Content-Length: +5",
        b"Content-Length: 5, 5",
    ),
    *(
        b"content-length:  5\t",
        b"Content-Length: ",
        b"Content_Length: 9",
        b"Content-Length : 5",
        b"Content-Length: 5\x0b",
    ),
    *(
        b"Content-Length: 0x5",
        b"Content-Length: 5_0",
        b"Content-Length: \xb2",
        b"Content-Length:\r\n 5",
        b"Content-Length: 5e1",
    ),
    *(b"CONTENT-LENGTH: 18446744073709551621", b"Content-Length: 5;", b"Content-Length\t: 5", b"Content-Length: 5\r"),
]
CODINGS = [
    *(b"Transfer-Encoding: chunked", b"transfer-encoding:CHUNKED", b"Transfer-Encoding: gzip, chunked"),
    *(b"Transfer-Encoding:\x0bchunked", b"Transfer-Encoding: chunked\x0c", b"Transfer-Encoding: identity"),
    *(b"Transfer_Encoding: chunked", b"Transfer-Encoding", b" Transfer-Encoding: chunked", b"X: a\r\n folded: 1"),
    *(b"Transfer-Encoding: chunked, chunked", b"Transfer-Encoding: chunked,", b'Transfer-Encoding: "chunked"'),
    *(b"Transfer-Encoding: chunked;q=1", b"Transfer-Encoding: xchunked", b"Transfer-Encoding : chunked"),
    *(b"Transfer-Encoding: \tchunked \t", b"Transfer-Encoding:\nchunked", b"Transfer-Encoding: ch\xfcnked"),
]
OTHERS = [
    *(b"Connection: close", b"Connection: X-A, keep-alive", b"Connection: content-length", b"Connection: Upgrade"),
    *(b"Upgrade: h2c", b"Upgrade: websocket", b"Expect: 100-continue", b"Expect: x", b"TE: trailers", b"Trailer: X-T"),
    *(
        b"Keep-Alive: 5",
        b"Via: 1.1 x",
        b"Accept: */*",
        b"X-A: b",
        b"X-A:",
        b"X-A:\xe4\xf6",
        b"X-B: a\x00b",
        b"X-B: \x7f",
    ),
    *(
        b"X-B: a\rb",
        b"X-B: a\nb",
        b"X(: a",
        b": a",
        b"",
        b"Cookie: a=b; c=d",
        b"Proxy-Authorization: Basic dTpw",
        b"X-A: \x1f",
    ),
    *(
        b"Set-Cookie: a",
        b"Content-Type: a/b",
        b"User-Agent: x",
        b"User-Agent: y",
        b"Server: a",
        b"ETag: b",
        b"Content-Range: c",
    ),
    *(
        b"Authorization: Basic a",
        b"Content-Encoding: gzip",
        b"Max-Forwards: 3",
        b"Max-Forwards: 0",
        b"Sec-WebSocket-Key: a",
    ),
    *(
        b"X-Proxyfleet: us",
        b"Proxy-Connection: close",
        b"Proxy-Authenticate: Basic",
        b"X" * 70 + b": long",
        b"a:b:c",
    ),
    *(b"Http2-Settings: a", b"X-A \t: b", b"\tX-A: b", b"X\x0b-A: b", b"X-A: b\x85", b"!#$%&'*+-.^_`|~0: x"),
]
PLAIN = [
    b"Accept: */*",
    b"X-A: b",
    b"X-A:",
    b"X-A:\xe4\xf6",
    b"Cookie: a=b; c=d",
    b"Via: 1.1 x",
    b"Keep-Alive: 5",
    b"TE: trailers",
]
PLAIN += [
    b"Connection: X-A, keep-alive",
    b"Expect: 100-continue",
    b"Content-Encoding: gzip",
    b"X" * 70 + b": long",
    b"a:b:c",
]
REQUEST_FIELDS = HOSTS + LENGTHS + CODINGS + OTHERS
ANSWER_FIELDS = LENGTHS + CODINGS + OTHERS
BODIES = [
    *(b"", b"", b"hello", b"hello", b"5\r\nhello\r\n0\r\n\r\n", b"5;e=v\r\nhello\r\n0\r\nX-T: 1\r\n\r\n"),
    *(
        b"05\r\nhello\r\n0\r\n\r\n",
        b"5 \r\nhello\r\n0\r\n\r\n",
        b"0x5\r\nhello\r\n0\r\n\r\n",
        b"5\nhello\n0\n\n",
        b"hel",
    ),
    *(b"5\r\nhelloXX0\r\n\r\n", b"5;\nhello\r\n0\r\n\r\n", b"2\r\nhe\r\n3\r\nllo\r\n0\r\nA : b\r\n\r\n"),
    *(
        b"-5\r\nhello\r\n0\r\n\r\n",
        b"fffffffffffffffff\r\nhello",
        b"\r\n5\r\nhello",
        b"0\r\nContent-Length: 5\r\n\r\nhello",
    ),
    *(
        b"5\r\nhello\r\n0\r\n\r\nGET / HTTP/1.1\r\nHost: evil\r\n\r\n",
        b'5;"\r\n"\r\nhello\r\n0\r\n\r\n',
        b"5\r\nhello\r\n0\n\r\n",
    ),
    *(
        b"5\r\r\nhello\r\n0\r\n\r\n",
        b"5;a\rb\r\nhello\r\n0\r\n\r\n",
        b"1\r\n" + b"x\r\n1\r\n" * 9 + b"x\r\n0\r\n\r\n",
        b"A\r\n0123456789\r\n0\r\n\r\n",
    ),
]
CHUNKS = [
    b"5\r\nhello\r\n0\r\n\r\n",
    b"0\r\n\r\n",
    b"2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
    b"5;x\r\nhello\r\n0\r\nX-T: 1\r\n\r\n",
]
SPICE = [
    b"\r",
    b"\n",
    b"\0",
    b" ",
    b"\t",
    b":",
    b"\x0b",
    b"\x0c",
    b"\x85",
    b"\xa0",
    b",",
    b";",
    b"_",
    b"0",
    b"\r\n",
    b"\r\n\r\n",
]
SPICE += [b"\r\n ", b"chunked", b"Content-Length: 5\r\n", b"\xff", b"\x1b", b'"', b"-", b"+"]


def bruised(rng: random.Random, wire: bytes) -> bytes:
    """Something put in or taken out, a piece doubled, or the case of a letter changed; most often nothing."""
    for _ in range(rng.choice((0, 0, 0, 0, 0, 1, 1, 2, 3))):
        at = rng.randrange(len(wire) + 1)
        kind = rng.randrange(8)
        if kind < 5:
            wire = wire[:at] + rng.choice(SPICE) + wire[at + rng.randrange(2) :]
        elif kind == 5:
            wire = wire[:at] + wire[at + rng.randrange(1, 9) :]
        elif kind == 6:
            wire = wire[:at] + wire[max(0, at - rng.randrange(1, 30)) :]
        else:
            wire = wire[:at] + wire[at : at + 1].swapcase() + wire[at + 1 :]
    return wire


def _message(rng: random.Random, start: bytes, fields: list[bytes], body: bytes) -> bytes:
    return bruised(rng, b"\r\n".join([start, *fields, b"", b""]) + body)


def _fields(rng: random.Random, doubtful: list[bytes]) -> list[bytes]:
    fields = [rng.choice(doubtful if rng.random() < 0.3 else PLAIN) for _ in range(rng.randrange(5))]
    return fields if rng.random() < 0.9 else fields * 2


def request(rng: random.Random) -> bytes:
    """One request, with whatever follows its head."""
    method = rng.choice(METHODS)
    target = rng.choice(TUNNELS if method == b"CONNECT" else TARGETS)
    fields = _fields(rng, REQUEST_FIELDS)
    if rng.random() < 0.85:
        named = target if method == b"CONNECT" else target.partition(b"://")[2].partition(b"/")[0].partition(b"?")[0]
        fields.insert(0, b"Host: " + named)
    return _message(rng, b" ".join((method, target, rng.choice(VERSIONS))), fields, _body(rng, fields))


def _body(rng: random.Random, fields: list[bytes]) -> bytes:
    """A body, and often a field that frames it, or seems to."""
    chance = rng.random()
    if chance < 0.35:
        return b""
    if chance < 0.5:
        return rng.choice(BODIES)
    chunked = rng.random() < 0.6
    fields.append(b"Transfer-Encoding: chunked" if chunked else b"Content-Length: 5")
    return rng.choice(BODIES) if chance < 0.75 else rng.choice(CHUNKS) if chunked else b"hello"


def requests(rng: random.Random) -> bytes:
    """What a client sends on one connection: one request or several."""
    return b"".join(request(rng) for _ in range(rng.choice((1, 1, 1, 2, 3))))


def answer(rng: random.Random) -> bytes:
    """One answer, with whatever follows its head."""
    fields = _fields(rng, ANSWER_FIELDS)
    return _message(rng, rng.choice(VERSIONS[:28]) + b" " + rng.choice(STATUS), fields, _body(rng, fields))


def cutter(rng: random.Random):
    """How the bytes arrive: at once, or in four pieces."""

    def cut(wire: bytes) -> list[bytes]:
        cuts = sorted(rng.randrange(len(wire) + 1) for _ in range(3))
        return [wire[a:b] for a, b in zip([0, *cuts], [*cuts, len(wire)], strict=True)]

    return cut
