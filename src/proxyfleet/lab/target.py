"""A target: the site that lab proxies lead to, on one HTTP and one HTTPS port, which remembers every request.

It knows who forwarded a connection without any header, see `passages`; so a test can prove that a request came through
the right proxy, or that nothing ever came directly.
"""

from collections import deque
from functools import partial
from typing import Literal

from .httpd import Conversation, Reply, Request, json_reply
from .listener import Admission, Listener
from .pages import Visit, page, visit_of
from .passages import Passage
from .world import World

Down = Literal["refuse", "error", "stall"]
MODES: tuple[Down, ...] = ("refuse", "error", "stall")
REMEMBERED = 10_000


class Target:
    """Listens from the start on two free ports of `host`; needs a running loop."""

    def __init__(self, name: str, world: World, host: str = "127.0.0.1") -> None:
        self.name = name
        self.down: Down | None = None
        self.requests: deque[Visit] = deque(maxlen=REMEMBERED)
        """The last 10,000 requests, oldest first."""
        self.served = 0
        self._world = world
        self._plain = Listener(host, 0, lambda: Admission(self._conversation(self._plain)), world.tasks)
        tls = world.authority.context
        self._tls = Listener(host, 0, lambda: Admission(self._conversation(self._tls), tls), world.tasks)

    @property
    def host(self) -> str:
        return self._plain.host

    @property
    def port(self) -> int:
        return self._plain.port

    @property
    def tls_port(self) -> int:
        return self._tls.port

    @property
    def url(self) -> str:
        """Without a slash at the end, by address."""
        return f"http://{self.host}:{self.port}"

    @property
    def tls_url(self) -> str:
        return f"https://{self.host}:{self.tls_port}"

    def go_down(self, mode: Down = "refuse") -> None:
        """`refuse` connections, answer 500 (`error`), or accept and never answer (`stall`)."""
        if mode not in MODES:
            raise ValueError(f"a target goes down by {', '.join(MODES)}, not by {mode!r}")
        self.down = mode
        for listener in (self._plain, self._tls):
            if mode == "refuse":
                listener.shut()
            else:
                listener.reopen()

    def come_up(self) -> None:
        """Answer again, on the same ports."""
        self.down = None
        for listener in (self._plain, self._tls):
            listener.reopen()

    def close(self) -> None:
        """End for good."""
        self._plain.close()
        self._tls.close()

    @property
    def open(self) -> int:
        """Connections that are open now."""
        return len(self._plain.live) + len(self._tls.live)

    def status(self) -> dict[str, object]:
        """What the control endpoint shows."""
        return {"name": self.name, "url": self.url, "tls_url": self.tls_url, "down": self.down, "served": self.served}

    def _conversation(self, listener: Listener) -> "partial[Conversation]":
        return partial(Conversation, self._handle, listener.live)

    def _handle(self, conversation: Conversation, request: Request) -> Reply:
        if conversation.note is None:
            conversation.note = self._world.passages.claim(request.peer) or DIRECT
        passage = conversation.note if isinstance(conversation.note, Passage) else None
        visit = visit_of(request, passage)
        self.requests.append(visit)
        self.served += 1
        if self.down == "error":
            return json_reply({"error": "the target is down"}, 500)
        return Reply(silent=True) if self.down == "stall" else page(request, visit)


DIRECT = "direct"
