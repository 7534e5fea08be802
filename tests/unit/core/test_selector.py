"""Selectors: the text form, its errors with position and remedy, and the round trip."""

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proxyfleet.core.clause import Clause, Op, Profile
from proxyfleet.core.errors import BadSelector
from proxyfleet.core.proxy import Labels, Scheme
from proxyfleet.core.selector import ANY, Selector

US = Profile(Scheme.HTTP, Labels(country="US", tags=frozenset({"a", "b"})))


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("", ""),
        ("   ", ""),
        ("country=us", "country=US"),
        (" country=us,de  tag=x ", "country=US,DE tag=x"),
        ("tag=x country=US", "country=US tag=x"),
        ("tag=x tag=x", "tag=x"),
        ("tags=x cc=US user=joe", "country=US tag=x username=joe"),
        ("COUNTRY=US", "country=US"),
        ('tag="a b","c"', 'tag="a b",c'),
        ("country=", "country="),
        ("country=US,", "country=US,"),
        ("days_left>=3", "days_left>=3"),
        ("days_left >=3", "days_left>=3"),
        ("asn=AS1", "asn=1"),
        ("min_score=0.5 country=US", "country=US min_score=0.5"),
        ("exclude=3,1", "exclude=1,3"),
        ("exclude=" + "9" * 18, "exclude=" + "9" * 18),
        (
            'resource="my shop" target=Example.COM spread=country',
            'resource="my shop" target="example.com" spread="country"',
        ),
        ("spread=", ""),
        ("exclude=", ""),
    ],
)
def test_the_text_is_read_and_written_in_one_form(text: str, written: str) -> None:
    selector = Selector.parse(text)
    assert selector.text == str(selector) == written
    assert Selector.parse(written) == selector


@pytest.mark.parametrize(
    ("text", "position", "words"),
    [
        ("US", 0, "expected FIELD=VALUE, such as country=US"),
        ("country=US  DE", 12, "expected FIELD=VALUE"),
        ("country=US =x", 11, "expected FIELD=VALUE"),
        ('tag="a b', 4, "close this quotation mark"),
        ("colour=red", 0, "unknown field 'colour'; use one of: scheme, family, .*min_score, exclude"),
        ("tag=a colour=red", 6, "unknown field 'colour'"),
        ("country=USA", 8, "country: 'USA' is not a country code of two letters, such as US"),
        ("tag=a type=moon", 11, "type: 'moon' is none of datacenter"),
        ("port=http", 5, "port: 'http' is not a whole number"),
        ("country>US", 7, "country > needs a field that is a number and one value"),
        ("free>=1,2", 4, "free >= needs a field that is a number and one value"),
        ("free<", 4, "free < needs a field that is a number and one value"),
        ("min_score=2", 0, "min_score '2' is not a number from 0.0 to 1.0"),
        ("min_score=nan", 0, "min_score 'nan' is not"),
        ("tag=min_score min_score=high", 14, "min_score 'high' is not"),
        ("min_score>=0.5", 0, "min_score is written once, with ="),
        ("tag=a exclude=1 exclude=2", 16, "exclude is written once, with ="),
        ("exclude=x", 0, "exclude: 'x' is not the id of a proxy"),
        ("exclude=" + "9" * 5000, 0, "is not the id of a proxy"),
        ("tag=spread spread=evenly", 11, "spread 'evenly' is unknown; use one of: country, cheapest"),
        ('tag="a"b', 4, "tag: a quoted value is quoted whole"),
        ('tag=ab"c d"', 4, "tag: a quoted value is quoted whole"),
        ('tag="a"tag="b"', 4, "tag: a quoted value is quoted whole"),
    ],
)
def test_a_text_that_cannot_be_read_names_the_place_and_the_remedy(text: str, position: int, words: str) -> None:
    with pytest.raises(BadSelector, match=words) as error:
        Selector.parse(text)
    assert error.value.position == position
    assert f"at character {position + 1}: " in str(error.value)


WORDS = st.text(st.characters(blacklist_characters='"', blacklist_categories=["Cs"]), min_size=1, max_size=12)
NAMES = st.none() | WORDS
NUMBERS = st.decimals(allow_nan=False, allow_infinity=False)


def clauses(
    fields: list[str], operators: list[Op], *values: st.SearchStrategy[tuple[object, ...]]
) -> st.SearchStrategy[Clause]:
    return st.builds(Clause, st.sampled_from(fields), st.sampled_from(operators), st.one_of(*values))


CLAUSES = st.one_of(
    clauses(["tag", "region", "notes"], [Op.EQ, Op.NE], st.tuples(NAMES), st.tuples(NAMES, WORDS)),
    clauses(["country"], [Op.EQ], st.tuples(st.sampled_from(["US", "DE", None]))),
    clauses(["asn", "free", "port"], list(Op), st.tuples(st.integers(0, 10**18 - 1))),
    clauses(["health", "cost_per_gb"], [Op.GE, Op.LT], st.tuples(NUMBERS)),
)


@settings(deadline=None, max_examples=300)
@given(
    st.lists(CLAUSES, max_size=4),
    st.none() | st.floats(0.0, 1.0),
    st.sets(st.integers(1, 10**9), max_size=3),
    NAMES,
    st.sampled_from([None, "country", "cheapest"]),
)
def test_the_text_of_any_selector_reads_back_as_the_same(
    clauses: list[Clause], score: float | None, exclude: set[int], resource: str | None, spread: str | None
) -> None:
    selector = Selector(clauses, min_score=score, exclude=exclude, resource=resource, spread=spread)
    again = Selector.parse(selector.text)
    assert again == selector
    assert (again.clauses, again.key, again.plain) == (selector.clauses, selector.key, selector.plain)
    assert (again.min_score, again.exclude, again.resource, again.spread) == (score, exclude, resource, spread)


@settings(deadline=None, max_examples=300)
@given(st.text(st.sampled_from('country=US,"tag>< !min_score.5exclude\t'), max_size=40))
def test_no_text_does_worse_than_a_bad_selector(text: str) -> None:
    selector = ANY
    with suppress(BadSelector):
        selector = Selector.parse(text)
    assert Selector.parse(selector.text) == selector


@pytest.mark.parametrize(
    ("wanted", "text"),
    [
        ({}, ""),
        ({"country": "US"}, "country=US"),
        ({"country": ["US", "DE"]}, "country=US,DE"),
        ({"tag": ["a", "b"]}, "tag=a tag=b"),
        ({"tags": ("a b",)}, 'tag="a b"'),
        ({"country": None}, "country="),
        ({"country": []}, ""),
        ({"tag": []}, ""),
        ({"exclude": [3, 1]}, "exclude=1,3"),
        ({"exclude": 3}, "exclude=3"),
        ({"min_score": 0.5, "resource": "r"}, 'min_score=0.5 resource="r"'),
        ({"min_score": None, "resource": None, "exclude": None, "spread": None}, ""),
        ({"type": "mobile", "asn": 7}, "asn=7 type=mobile"),
    ],
)
def test_keywords_mean_the_same_as_text(wanted: dict[str, object], text: str) -> None:
    assert Selector.of(**wanted).text == text


def test_keywords_refuse_what_text_could_not_say() -> None:
    with pytest.raises(BadSelector, match="the value of tag contains a quotation mark; leave it out"):
        Selector.of(tag='a"b')
    with pytest.raises(BadSelector, match="unknown field 'colour'"):
        Selector.of(colour="red")


@pytest.mark.parametrize(
    ("text", "key", "plain"),
    [
        ("country=US min_score=0.5", "country=US min_score=0.5", True),
        ("country=US free>=2", "country=US", False),
        ("country=US exclude=1", "country=US", False),
        ("country=US resource=r", "country=US", False),
        ("country=US target=t", "country=US", False),
        ("spread=country", "", False),
        ("", "", True),
    ],
)
def test_the_key_names_the_view_that_answers(text: str, key: str, plain: bool) -> None:
    selector = Selector.parse(text)
    assert (selector.key, selector.plain) == (key, plain)


@pytest.mark.parametrize(
    ("text", "matches"),
    [
        ("", True),
        ("country=US", True),
        ("country=DE", False),
        ("tag=a tag=b", True),
        ("tag=a tag=c", False),
        ("tag=a,c", True),
        ("country=US tag!=a", False),
        ("free>=99 min_score=1.0", True),
    ],
)
def test_labels_are_judged_and_nothing_else(text: str, matches: bool) -> None:
    assert Selector.parse(text).matches(US) is matches


def test_the_misfit_is_the_first_clause_that_does_not_hold() -> None:
    assert str(Selector.parse("country=US tag=c type=mobile").misfit(US)) == "tag=c"
    assert ANY.misfit(US) is None


def test_one_more_clause_keeps_all_but_the_spread() -> None:
    selector = Selector.parse("tag=a min_score=0.5 exclude=1 resource=r target=t spread=country")
    more = selector.also(Clause("country", Op.EQ, ("US",)))
    assert more.text == 'country=US tag=a min_score=0.5 exclude=1 resource="r" target="t"'


def test_selectors_are_values() -> None:
    assert hash(Selector.parse("tag=a tag=b")) == hash(Selector.parse("tag=b tag=a"))
    assert Selector.parse("tag=a") != Selector.parse("tag=b")
    assert repr(Selector.parse("tag=a")) == "Selector('tag=a')"
    assert ANY != ""


def test_a_target_that_is_a_url_is_refused() -> None:
    with pytest.raises(BadSelector, match=r"is no host; write target=example\.com"):
        Selector.parse('target="https://example.com/"')


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        ("", "", ""),
        ("tag=a", "", "tag=a"),
        ("", "tag=a", "tag=a"),
        ("tag=a country=DE", "tag=b country=US", "tag=a tag=b country=DE country=US"),
        ("min_score=0.5", "min_score=0.2", "min_score=0.5"),
        ("min_score=0.5", "tag=a", "min_score=0.5 tag=a"),
        ("exclude=1,2", "exclude=2,3", "exclude=1,2,3"),
        ('resource="a" target="x" spread="country"', 'resource="b"', 'resource="b" target="x" spread="country"'),
    ],
)
def test_two_questions_at_once(one, other, both):
    assert Selector.parse(one).narrowed(Selector.parse(other)) == Selector.parse(both)
