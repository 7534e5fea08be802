"""Writes small databases in MaxMind's format, so that tests can say where an address is."""

import struct
from ipaddress import ip_network

SEPARATOR = bytes(16)
BITS = 32


class Short(int):
    """Two bytes of it."""


class Long(int):
    """Eight bytes of it; others have four."""


def write(path, networks, kind="Test-Country", built=1_700_000_000):
    """`networks` is {"127.0.0.0/8": {"country": {"iso_code": "DE"}}}; IPv4 only."""
    nodes, records = [[None, None]], list(networks.values())
    for nth, text in enumerate(networks):
        _insert(nodes, ip_network(text), nth)
    places, data = [], b""
    for record in records:
        places.append(len(data))
        data += _encoded(record)
    count = len(nodes)

    def pointer(told):
        if told is None:
            return count
        kind_, number = told
        return number if kind_ == "node" else count + len(SEPARATOR) + places[number]

    tree = b"".join(pointer(left).to_bytes(4, "big") + pointer(right).to_bytes(4, "big") for left, right in nodes)
    about = {
        "node_count": count,
        "record_size": Short(32),
        "ip_version": Short(4),
        "database_type": kind,
        "languages": [],
        "binary_format_major_version": Short(2),
        "binary_format_minor_version": Short(0),
        "build_epoch": Long(built),
        "description": {"en": "test"},
    }
    path.write_bytes(tree + SEPARATOR + data + b"\xab\xcd\xefMaxMind.com" + _encoded(about))
    return path


def _insert(nodes, network, nth):
    number, at = int(network.network_address), 0
    for bit in range(network.prefixlen):
        side = number >> (BITS - 1 - bit) & 1
        if bit == network.prefixlen - 1:
            nodes[at][side] = ("data", nth)
            return
        if nodes[at][side] is None:
            nodes.append([None, None])
            nodes[at][side] = ("node", len(nodes) - 1)
        at = nodes[at][side][1]


def _encoded(value):
    if isinstance(value, dict):
        return _control(7, len(value)) + b"".join(_encoded(name) + _encoded(one) for name, one in value.items())
    if isinstance(value, list):
        return _control(11, len(value)) + b"".join(map(_encoded, value))
    if isinstance(value, str):
        return _control(2, len(value.encode())) + value.encode()
    if isinstance(value, Short):
        return _control(5, 2) + struct.pack(">H", value)
    if isinstance(value, Long):
        return _control(9, 8) + struct.pack(">Q", value)
    return _control(6, 4) + struct.pack(">L", value)


def _control(kind, size):
    size_bits, more = (size, b"") if size < 29 else (29, bytes([size - 29]))
    return bytes([size_bits, kind - 7]) + more if kind > 7 else bytes([kind << 5 | size_bits]) + more
