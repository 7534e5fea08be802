"""A password fits its own lease and no other."""

from proxyfleet.wire.lease_pass import lease_password, lease_user, opens

KEY = bytes(range(32))


def test_a_password_fits_its_lease_only() -> None:
    password = lease_password(KEY, "17x3.42")
    assert len(password) == 26
    assert password.isalnum()
    assert password == password.lower()
    assert opens(KEY, "17x3.42", password)
    for key, token, tried in [
        (KEY, "17x3.43", password),
        (bytes(32), "17x3.42", password),
        (KEY, "17x3.42", password[:-1]),
        (KEY, "17x3.42", ""),
        (KEY, "17x3.42", "ü"),
    ]:
        assert not opens(key, token, tried)


def test_the_user_name() -> None:
    assert lease_user("17x3.42") == "lease-17x3.42"
