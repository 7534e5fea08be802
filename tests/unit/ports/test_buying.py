"""What a provider may answer with: errors in one line, told apart by what they say of the money."""

from proxyfleet.ports.buying import Away, ProviderError, Refused, Unclear


def test_errors_say_what_they_know() -> None:
    assert Refused("no_money", "the account is empty").code == "no_money"
    assert Away("too many requests", 2.5).retry_after == 2.5
    assert all(issubclass(kind, ProviderError) for kind in (Away, Refused, Unclear))
