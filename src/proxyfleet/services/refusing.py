"""Why a claim was refused, in words: one table of codes for every face. Decides nothing."""

from typing import Final, NamedTuple

from proxyfleet.core.errors import FleetError
from proxyfleet.core.lease import FOREVER, Holder


class Why(NamedTuple):
    """What a code means and what helps. `{by}` stands for the holder in the way, `{until}` for how long."""

    meaning: str
    remedy: str


CODES: Final = {
    "unknown_lease": Why("there is no such lease", "take the token as it was given, or acquire a lease"),
    "stale_token": Why("the slot of this lease has been given out anew", "acquire another lease"),
    "lease_expired": Why("the lease has expired", "acquire another one, and renew it in time"),
    "lease_ended": Why("the lease was released before", "acquire another one"),
    "wrong_holder": Why("it is held by {by}", "its holder may do that, or an operator with force"),
    "unknown_proxy": Why("there is no such proxy", "list the proxies to see the ids"),
    "disabled": Why("the proxy is switched off", "enable it, or use another one"),
    "expired_proxy": Why("the proxy has expired", "prolong it, or use another one"),
    "capacity": Why("every slot is taken{until}", "wait, raise the capacity, or add proxies"),
    "resource_taken": Why("the proxy is held for this resource by {by}{until}", "use another proxy, or wait"),
    "cooling": Why("the proxy was given back for this resource a short time ago{until}", "use another one, or wait"),
    "not_assigned": Why("the proxy is not assigned for this resource", "list the assignments to see what is"),
    "key_conflict": Why("this idempotency key was used for another request", "use a new key for a new request"),
    "key_spent": Why("the leases of this idempotency key have ended", "use a new key for a new lease"),
    "impossible": Why("more was asked for than all proxies that fit could ever carry", "ask for less, or add proxies"),
    "ttl_out_of_range": Why("a lease lasts from 1 second to 7 days", "use a time between, or assign the proxy"),
    "bad_text": Why("a name holds a character that cannot be stored", "leave out NUL and halves of surrogate pairs"),
    "bad_request": Why("the request contradicts itself", "see the reference of the call"),
    "empty_fleet": Why("the fleet is empty", "import or add proxies"),
    "no_match": Why("no proxy satisfies the selector", "widen the selector"),
    "none_eligible": Why("no proxy that fits may be used now", "wait, or ask for an explanation to see why"),
    "store_recovering": Why(
        "Redis was restarted and may have forgotten leases that still run, so none are granted{until}",
        "wait, or set after_loss=accept in its URL",
    ),
    "sheet_away": Why(
        "Google Sheets does not answer, and what is taken is recorded there", "try again when it is back"
    ),
    "sheet_blocked": Why(
        "the row of this proxy in the sheet cannot be written",
        "`proxyfleet sheet status` shows which cell is in the way",
    ),
    "row_removed": Why("the row of this proxy was deleted from the sheet", "use another one, or write the row again"),
    "store_away": Why("the store does not answer, and exclusive claims need it", "try again when it is back"),
}


class ClaimRefused(FleetError):
    """A claim that was not granted. `retry_after` is in seconds, None where waiting does not help; `by` is in the way."""

    code = "claim_refused"

    def __init__(
        self,
        code: str,
        *,
        retry_after: float | None = None,
        by: Holder | None = None,
        told: str | None = None,
    ) -> None:
        super().__init__(told or words(code, retry_after, by))
        self.code = code
        self.retry_after = retry_after
        self.by = by


def words(code: str, retry_after: float | None = None, by: Holder | None = None) -> str:
    """One line: the cause, then the remedy."""
    why = CODES[code]
    known = retry_after is not None and 0 < retry_after < FOREVER
    until = f" for another {retry_after:.0f} s" if known and retry_after is not None else ""
    return f"{why.meaning.format(by=by or 'somebody', until=until)}; {why.remedy}"
