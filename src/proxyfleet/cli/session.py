"""What a command works with: the shared options, settings read on demand, the node or the store to ask, and its voice.

Results go to standard output and nowhere else; everything said to people goes to standard error.
"""

import json
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from .streams import fits, printable

if TYPE_CHECKING:
    from proxyfleet.assembly.answering import Answers
    from proxyfleet.assembly.opening import Missing, Opened
    from proxyfleet.settings import Loaded
    from proxyfleet.settings.schema import Settings

T = TypeVar("T")
Flags = dict[str, tuple[str, object]]


@dataclass(frozen=True, slots=True)
class Common:
    """The shared options of one call."""

    config: str | None = None
    store: str | None = None
    claims: str | None = None
    node: str | None = None
    json: bool = False
    quiet: bool = False
    debug: bool = False


class Session:
    """One call of one command. `flags` set before `loaded` is first read override environment and file."""

    def __init__(self, common: Common) -> None:
        self.common = common
        self.flags: Flags = {}
        for name in ("store", "claims"):
            if (value := getattr(common, name)) is not None:
                self.flags[name] = (f"--{name}", value)

    @cached_property
    def loaded(self) -> "Loaded":
        """The settings. Raises `SettingsError`."""
        from proxyfleet.assembly.logs import start_logging
        from proxyfleet.settings import load

        loaded = load(config=self.common.config, flags=self.flags)
        start_logging(loaded.settings.log)
        return loaded

    def again(self) -> "Settings":
        """The settings as they are now, by the same flags. Raises `SettingsError`."""
        from proxyfleet.settings import load

        return load(config=self.common.config, flags=self.flags).settings

    def run(self, work: Coroutine[Any, Any, T], *, fast: bool = False) -> T:
        """Run a coroutine to its end; `Any` is asyncio's own."""
        from proxyfleet.assembly.loop import run

        return run(work, fast=fast)

    @asynccontextmanager
    async def opened(self, missing: "Missing" = "make") -> "AsyncIterator[Opened]":
        """The open store. Commands that make nothing new say `refuse`."""
        from proxyfleet.assembly.opening import opened

        async with opened(self.loaded.settings, missing=missing) as found:
            yield found

    @asynccontextmanager
    async def answers(self) -> "AsyncIterator[Answers]":
        """The running node where there is one, else the fleet as the store holds it, without what traffic has taught."""
        from proxyfleet.assembly.answering import answers

        async with answers(self.loaded, self.common.node) as (questions, living):
            if not living:
                self.say("no node is running on this store: health is that of a fleet that has just started")
            yield questions

    # its voice ----------------------------------------------------------------------------------------------------

    def say(self, text: str) -> None:
        """To people, unless they asked for quiet."""
        if not self.common.quiet:
            self.fault(text)

    def fault(self, text: str) -> None:
        """Why not all was done, to people, however quiet it is to be."""
        for line in text.splitlines():
            print(printable(line), file=sys.stderr)

    def emit(self, value: object) -> None:
        """One JSON document to standard output."""
        indent = 2 if sys.stdout.isatty() else None
        text = json.dumps(value, ensure_ascii=False, indent=indent)
        sys.stdout.write((text if fits(text) else json.dumps(value, indent=indent)) + "\n")

    def lines(self, lines: Iterable[str]) -> None:
        """Plain lines to standard output."""
        sys.stdout.writelines(f"{line}\n" for line in lines)

    def show(self, value: object, people: Callable[[], None]) -> None:
        """JSON for programs, or whatever `people` prints."""
        if self.common.json:
            self.emit(value)
        else:
            people()
