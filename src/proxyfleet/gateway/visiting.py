"""Whether a chosen site accepts a proxy: its answer, read by the gateway's rules on answers (SPEC C6, G10). Pure.

The result is of the pair (proxy, target). A proxy that did not get there has been judged by the judge, and a site that is
ill itself says nothing of anybody.
"""

from proxyfleet.core.checks import FORWARDING, Answer, Visit, Way
from proxyfleet.core.outcome import Category, Outcome, Phase
from proxyfleet.gateway.asking import Answer as Words
from proxyfleet.gateway.blame import of_answer, retry_after_of
from proxyfleet.ports.checks import Site
from proxyfleet.wire.answer_rules import AnswerRules, parse_rule, ruling

MEANINGS = {"banned": Answer.BANNED, "rate_limit": Answer.RATE_LIMITED}
CATEGORIES = {Answer.BANNED: Category.BANNED, Answer.RATE_LIMITED: Category.RATE_LIMIT}


def not_there(site: Site) -> Visit:
    """No answer of the site has come through: that may have been the site, and the proxy has just shown that it works."""
    return Visit(site.judge.host, Answer.FAILED)


def welcome(site: Site, words: Words, way: Way, seconds: float) -> Visit:
    """What an answer means. A refusal of the proxy itself is its own, not the site's."""
    head, host = words.head, site.judge.host
    own = of_answer(head, words.body) if way in FORWARDING and not site.judge.tls else None
    if own is not None and own.category is not Category.TARGET:
        return not_there(site)._replace(status=head.status)
    answer = _answer(site, words)
    if answer is Answer.ACCEPTED:
        return Visit(host, answer, head.status, Outcome.succeeded(seconds, target=host))
    if answer is Answer.FAILED:
        return Visit(host, answer, head.status)
    wait = retry_after_of(head) if answer is Answer.RATE_LIMITED else 0.0
    told = Outcome.failed(CATEGORIES[answer], target=host, phase=Phase.EXCHANGE, retry_after=wait)
    return Visit(host, answer, head.status, told)


def _answer(site: Site, words: Words) -> Answer:
    """Rules first, as in the gateway; then the statuses that were named, else those that everybody understands."""
    rules = AnswerRules(map(parse_rule, site.rules)).fitting(site.judge.host, words.head)
    rule, _ = ruling(rules, words.body, whole=True)
    if rule is not None:
        return MEANINGS[rule.meaning]
    status = words.head.status
    if status in site.statuses:
        return Answer.ACCEPTED
    if status == 429:
        return Answer.RATE_LIMITED
    if status >= 500:
        return Answer.FAILED
    return Answer.BANNED if site.statuses or status in (401, 403, 451) else Answer.ACCEPTED
