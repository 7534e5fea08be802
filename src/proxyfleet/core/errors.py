"""What can go wrong by a caller's mistake, each with cause and remedy in one line. Refusals of a pick are results, not errors."""


class FleetError(Exception):
    """Root of all errors that proxyfleet raises on purpose. `str(error)` is one line: the cause, then the remedy."""

    code = "fleet_error"


class BadSelector(FleetError):
    """A selector text that cannot be read. `position` is the 0-based place in the text; the message points at it."""

    code = "bad_selector"

    def __init__(self, text: str, position: int, problem: str) -> None:
        super().__init__(f"selector {text!r}, at character {position + 1}: {problem}")
        self.position = position


class UnknownStrategy(FleetError):
    """A strategy name that does not exist; the message lists those that do."""

    code = "unknown_strategy"

    def __init__(self, name: str, known: tuple[str, ...]) -> None:
        super().__init__(f"unknown strategy {name!r}; use one of: {', '.join(known)}")


class BadProxy(FleetError):
    """A proxy with an impossible field, such as port 0 or capacity -1; the message names field, value and range."""

    code = "bad_proxy"


class BadRules(FleetError):
    """Settings of the health rules that are out of range or contradict each other; the message names both sides."""

    code = "bad_rules"


class UnknownProxy(FleetError):
    """A proxy id that the fleet does not hold (any more): list the fleet to see the ids."""

    code = "unknown_proxy"

    def __init__(self, proxy_id: int) -> None:
        super().__init__(f"no proxy with id {proxy_id} in this fleet; list the proxies to see the ids")


class DuplicateProxy(FleetError):
    """An id that is already taken in this fleet: use `replace` to change a proxy."""

    code = "duplicate_proxy"


class SecretLost(FleetError):
    """A stored password that cannot be opened: it was altered, or belongs to another row. Set a new one, or restore a backup."""

    code = "secret_lost"


class NoFreeSlot(FleetError):
    """A slot was asked for on a proxy whose capacity is used up, or given back where none was taken."""

    code = "no_free_slot"


class DuplicatePurchase(FleetError):
    """A tag under which something was bought already, or is being bought: look at what came of it, do not buy again."""

    code = "duplicate_purchase"

    def __init__(self, tag: str) -> None:
        super().__init__(f"purchase {tag} is written down already; `proxyfleet providers orders` tells what came of it")
