"""Plain requests where there are rules on answers (SPEC G10): an answer that means "not this proxy" is tried elsewhere.

Takes the place of a plain exchange only in gateways that have rules. Nothing of an answer goes to the client while a rule
may still speak; with nobody else to try, the client gets the answer as it is, and the fleet remembers the pair.
"""

from proxyfleet.core.outcome import Category, Outcome, Phase
from proxyfleet.gateway.blame import ANSWER_GARBAGE, Blame, retry_after_of
from proxyfleet.gateway.exchange import Exchange
from proxyfleet.gateway.patience import another
from proxyfleet.gateway.upstream import UpstreamConnection
from proxyfleet.wire.answer_rules import AnswerRules, Rule, ruling
from proxyfleet.wire.http1_body import CHUNKED, LAST_CHUNK, response_framing
from proxyfleet.wire.http1_head import HeadError, ResponseHead

LOOK = 1.0
"""Seconds that a body is waited for so that rules can look at it; it may be one that drips for ever."""
CODES = {Category.BANNED: "target_banned", Category.RATE_LIMIT: "target_rate_limited", Category.NETWORK: "exit_banned"}


class JudgedExchange(Exchange):
    """`_fitting` are the rules that may still speak about the answer held in `_start_of_answer`, `_raw` and `_so_far`."""

    _quick = False
    _raw = b""
    _fitting: tuple[Rule, ...] = ()
    _so_far = b""
    _start_of_answer: ResponseHead
    _ruled: Blame | None = None

    def _accept(self, upstream: UpstreamConnection, raw: bytes, head: ResponseHead, rest: bytes) -> None:
        rules: AnswerRules = self.ctx.rules
        self._fitting = rules.fitting(self.target, head)
        if not self._fitting:
            super()._accept(upstream, raw, head, rest)
            return
        self._start_of_answer, self._raw, self._so_far = head, raw, rest
        self.client.deadline = self.ctx.timer() + LOOK
        self._judge(whole=self._is_whole())

    def _is_whole(self) -> bool:
        framing = response_framing(self._start_of_answer, self._head.method)
        if framing == CHUNKED:
            return self._so_far.endswith(LAST_CHUNK)
        return 0 <= framing <= len(self._so_far)

    def answered(self, data: bytes) -> None:
        """More to look at, or an answer that goes on."""
        if not self._fitting:
            super().answered(data)
            return
        self._so_far += data
        try:
            self._judge(whole=self._is_whole())
        except HeadError:
            self.failed(ANSWER_GARBAGE, again=self._repeatable)

    def _judge(self, *, whole: bool) -> bool:
        """Whether this answer is now the client's."""
        rule, last = ruling(self._fitting, self._so_far, whole=whole)
        if not last:
            return False
        self._fitting = ()
        if rule is not None:
            blame = self._blame(rule)
            if self._goes_elsewhere(blame):
                return False
            self._ruled = blame
        upstream = self.upstream
        if upstream is not None:
            super()._accept(upstream, self._raw, self._start_of_answer, self._so_far)
        return True

    def _blame(self, rule: Rule) -> Blame:
        """Of a rotating endpoint it was one exit, which says nothing about the endpoint (rule 5)."""
        category = Category.BANNED if rule.meaning == "banned" else Category.RATE_LIMIT
        category = Category.NETWORK if self.route.rotating else category
        wait = retry_after_of(self._start_of_answer) if category is Category.RATE_LIMIT else 0.0
        return Blame(category, Phase.EXCHANGE, CODES[category], wait)

    def _goes_elsewhere(self, blame: Blame) -> bool:
        if not self._repeatable:
            return False
        ctx, bound = self.ctx, self.bound
        if bound is not None:
            if not (self.route.rotating and bound.may_move):
                return False
            self.book(blame)
            self.began = ctx.timer()
            return bound.elsewhere(blame)
        found = another(self)
        if found is None:
            return False
        self.book(blame)
        ctx.counters.failovers += 1
        self.began = ctx.timer()
        self.go_through(found.proxy_id)
        return True

    def _done(self, last: bytes, now: float) -> None:
        """An answer that a rule speaks against is no success of the pair, though the client has it."""
        blame, ctx = self._ruled, self.ctx
        if blame is not None and blame.category is not None and self.proxy_id:
            ctx.counters.failed(blame.category.value)
            told = Outcome.failed(
                blame.category,
                target=self.target,
                phase=blame.phase,
                response_time=self._response_time,
                retry_after=blame.retry_after,
                parameterised=self.route.parameterised,
            )
            ctx.fleet.record(self.proxy_id, told, ctx.clock())
            ctx.fleet.end(self.proxy_id, self.target)
            self.proxy_id = 0  # nobody: a success is not booked as well
        super()._done(last, now)

    def upstream_lost(self) -> None:
        """An answer that ends with its connection may be whole only now."""
        if self._fitting and not self._judge(whole=True):
            return
        if self.upstream is not None:
            super().upstream_lost()

    def overdue(self) -> None:
        """No longer: rules have to do with what has come."""
        if self._fitting:
            self._judge(whole=True)
        else:
            super().overdue()
