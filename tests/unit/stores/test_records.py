"""The mapping of a proxy to a row and back."""

from proxyfleet.core.proxy import Details, Labels, Measured, Proxy, Scheme, Secret
from proxyfleet.stores.records import COLUMNS, NO_DETAILS, from_row, to_row

UUID = bytes(16)


def seal(column: str, secret: Secret, uuid: bytes) -> str:
    return f"{column}|{secret.reveal()}|{uuid.hex()}"


def opened(column: str, value: str, uuid: bytes) -> Secret:
    name, text, place = value.split("|")
    assert (name, place) == (column, uuid.hex())
    return Secret(text)


def test_secrets_pass_only_through_the_seal() -> None:
    proxy = Proxy(Scheme.HTTP, "h", 1, "u", Secret("p"), details=Details(refresh_url=Secret("r")))
    row = to_row(proxy, UUID, seal)
    told = dict(zip(COLUMNS, row, strict=True))
    assert (told["password"], told["refresh_url"]) == (f"password|p|{UUID.hex()}", f"refresh_url|r|{UUID.hex()}")
    assert from_row((0, *row), opened) == proxy


def test_what_is_not_set_is_null() -> None:
    row = to_row(Proxy(Scheme.SOCKS4A, "h", 1, details=Details()), UUID, seal)
    assert row[-len(NO_DETAILS) :] == NO_DETAILS
    assert row[1:3] == ("socks4", "socks4a")
    assert from_row((4, *row), opened) == Proxy(Scheme.SOCKS4A, "h", 1, id=4)


def test_equal_labels_become_one_object() -> None:
    rows = [to_row(Proxy(Scheme.HTTP, host, 1, labels=Labels(tags=frozenset({"a"}))), UUID, seal) for host in "ab"]
    one, two = (from_row((1, *row), opened) for row in rows)
    assert one.labels is two.labels


def test_what_was_measured_survives_and_what_is_not_known_takes_no_room() -> None:
    full = Measured("203.0.113.9", 64_500, "Netz", ("http",), False, True, (("shop.example", "banned"),), 7.5)
    for measured in (Measured(), Measured(tls=False), full):
        proxy = Proxy(Scheme.HTTP, "h", 1, details=Details(measured=measured))
        row = to_row(proxy, UUID, seal)
        assert from_row((0, *row), opened) == proxy
    assert (
        to_row(Proxy(Scheme.HTTP, "h", 1, details=Details(measured=Measured(names=True))), UUID, seal)[-1]
        == '{"names": true}'
    )


def test_a_word_of_a_later_program_is_left_out() -> None:
    row = (*to_row(Proxy(Scheme.HTTP, "h", 1), UUID, seal)[:-1], '{"asn": 7, "colour": "red"}')
    assert from_row((0, *row), opened).details == Details(measured=Measured(asn=7))
