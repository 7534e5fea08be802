"""How long an attempt is waited for while another proxy could be tried instead, and whose fault it was that it took long.

A stalled proxy must not cost a client a whole timer. An attempt that takes longer than its patience is left for another
proxy where there is one, the request can be repeated and the budget allows it; otherwise it is waited for as long as the
timers say. Patience doubles with each attempt, and is three times what the target took lately where that is more, so
that a slow target is found out once and then waited for. Who was left before the proxy had a tunnel or an answer is only
suspected: the attempt that comes to something shows whether the target is slow or the proxy was.
"""

from typing import TYPE_CHECKING, NamedTuple

from proxyfleet.core.outcome import Outcome, Phase
from proxyfleet.core.picking import Pick, Refusal
from proxyfleet.gateway.blame import Blame
from proxyfleet.gateway.places import TIMES

if TYPE_CHECKING:
    from proxyfleet.gateway.errand import Errand


class Suspect(NamedTuple):
    """A proxy that was left after `waited` seconds."""

    proxy_id: int
    waited: float
    blame: Blame


def patience(errand: "Errand", full: float) -> float:
    """Seconds that a step of this attempt is waited for before `left` is asked; `full` is what its timer says."""
    return min(full, errand.place.wait * (1 << errand.attempts))


def left(errand: "Errand", full: float, blame: Blame, *, repeatable: bool = True) -> bool:
    """This attempt has taken long: leave it for another proxy, or wait on. False once its timer is over."""
    ctx = errand.ctx
    now = ctx.timer()
    end = errand.began + full
    if now >= end:
        return False
    found = another(errand) if repeatable else None
    if found is None:
        errand.client.deadline = end
        return True
    certain = blame.phase is Phase.DIAL  # no target has to do with it
    if not certain:
        errand.suspects = (*errand.suspects, Suspect(errand.proxy_id, now - errand.began, blame))
    errand.stop_dialing()
    ctx.doubts.add(errand.proxy_id, now)
    errand.fault = blame.code
    errand.book(blame if certain else blame._replace(category=None))
    ctx.counters.failovers += 1
    errand.began = now
    errand.go_through(found.proxy_id)
    return True


def another(errand: "Errand") -> Pick | None:
    """Somebody else to send this request through, if that is allowed; picked and paid for."""
    ctx, tried = errand.ctx, errand.tried
    if errand.bound is not None or not errand.may_try_again(1):
        return None
    found = errand.pick(tried if errand.route.rotating else (*tried, errand.proxy_id))
    if isinstance(found, Refusal):
        ctx.budget.retries -= 1
        return None
    return found


def judge(errand: "Errand", took: float) -> None:
    """An attempt has come to something after so long: those who had much more time than that were at fault."""
    _condemn(errand, tuple(suspect for suspect in errand.suspects if suspect.waited > TIMES * took))


def condemn(errand: "Errand") -> None:
    """Nothing has come of the next attempt either: all of them have failed."""
    _condemn(errand, errand.suspects)


def _condemn(errand: "Errand", guilty: tuple[Suspect, ...]) -> None:
    ctx = errand.ctx
    errand.suspects = ()
    for proxy_id, waited, blame in guilty:
        if blame.category is not None:
            ctx.counters.failed(blame.category.value)
            told = Outcome.failed(blame.category, target=errand.target, phase=blame.phase, response_time=waited)
            ctx.fleet.record(proxy_id, told, ctx.clock())
