"""Users as rows: what is not the default is written, and what a newer program wrote does not hurt."""

from hypothesis import given
from hypothesis import strategies as st

from proxyfleet.ports import GatewayUser
from proxyfleet.stores.user_rows import rules_of, user_of


def test_a_user_without_limits_has_nothing_written():
    assert rules_of(GatewayUser("a", "h")) == ""
    assert user_of("a", "h", "") == GatewayUser("a", "h")


@given(
    st.builds(
        GatewayUser,
        st.just("a"),
        st.just("h"),
        st.text(max_size=20),
        st.lists(st.sampled_from(["10.0.0.0/8", "::/0"])).map(tuple),
        st.integers(0, 10**9),
        st.floats(0, 1e6),
        st.integers(0, 10**12),
    )
)
def test_every_user_comes_back(user):
    assert user_of(user.name, user.key_hash, rules_of(user)) == user


def test_words_of_newer_programs_are_left_alone():
    assert user_of("a", "h", '{"rate":2.5,"weather":"fine"}') == GatewayUser("a", "h", rate=2.5)
