"""Makes a listening socket deaf to who begins to dial, while those who have begun come through. Linux only.

Closing it resets who has dialled and was not accepted, also where another process listens on the same port: the system has
chosen by the first packet. A packet that is not heard is sent again after a second, to who listens then, or is refused.
"""

import ctypes
import socket
import struct
import sys
from contextlib import suppress
from typing import Final

SO_ATTACH_FILTER: Final = 26
FLAGS: Final = 13
"""Where the flags are in a TCP header."""
SYN, ACK = 0x02, 0x10
LOAD_BYTE, AND, JUMP_EQUAL, RETURN = 0x30, 0x54, 0x15, 0x06
WHOLE: Final = 0xFFFFFFFF
FILTER: Final = (
    (LOAD_BYTE, 0, 0, FLAGS),
    (AND, 0, 0, SYN | ACK),
    (JUMP_EQUAL, 0, 1, SYN),
    (RETURN, 0, 0, 0),
    (RETURN, 0, 0, WHOLE),
)
"""Instructions of the classic BPF: a packet that opens a connection is dropped, every other one passes."""


def deafen(sock: socket.socket) -> None:
    """From now on nobody can begin to dial; where the system cannot do that, nothing happens."""
    if not sys.platform.startswith("linux"):
        return
    program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *one) for one in FILTER))
    with suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("HP", len(FILTER), ctypes.addressof(program)))
