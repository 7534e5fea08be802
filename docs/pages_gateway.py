"""Reference pages of the gateway, drawn from its own tables; registered in `generate`."""

from proxyfleet.wire.parameters import LONGEST, PARAMETERS, Parameter


def parameters_page() -> str:
    """What a client may ask for."""
    from docs.generate import page, table

    return page(
        "Parameters of the user name",
        "What a client wants of the gateway stands in its user name, after the name of the gateway user:",
        "```\ncurl -x http://alice-country-us-tag-premium-session-abc123-ttl-10m:KEY@127.0.0.1:8899 http://example.com/\n```",
        "`user[-name-value]...`: gateway user names hold no `-`. A `-` inside a value is written `%2D`, and any other\n"
        "character may be written `%XX`; in a URL, where clients decode the user name themselves, that is `%252D`. A flag has\n"
        f"no value. Names have no case, values may have. At most {LONGEST:,} characters; over SOCKS5 a user name holds 255\n"
        "bytes. An unknown name, a value that does not fit and a name that comes twice are refused with 400\n"
        "([codes](gateway-errors.md)); SOCKS refuses the login.",
        "The same may stand in header fields of a plain request or a CONNECT, where nothing is escaped and `_` becomes `-`:\n"
        "`X-Proxyfleet-Country: us`, `X-Proxyfleet-Min-Score: 0.5`, `X-Proxyfleet-Pinned: 1`. They win over the user name for\n"
        "that one request and go no further than the gateway.",
        table(("name", "means", "value", "example"), (_row(name, one) for name, one in PARAMETERS.items())),
        'A comma means "any of". All that is asked for must hold, together with what the gateway and the user may use at\n'
        "all ([selectors](selectors.md), [strategies](strategies.md)). Where there are no users, any user name may carry\n"
        "parameters.",
    )


def _row(name: str, one: Parameter) -> list[str]:
    written = f"`{name}`" if one.flag else f"`{name}-{one.example.split(' ')[0]}`"
    return [f"`{name}`", one.meaning, "flag" if one.flag else one.wants, written]
