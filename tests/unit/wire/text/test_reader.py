"""Whole lists: formats, samples, chunk boundaries, hostile files."""

import tracemalloc
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proxyfleet.wire.text.entry import Entry, Extras, Verdict
from proxyfleet.wire.text.reader import FORMATS, read
from proxyfleet.wire.text.reasons import REASONS

REPOSITORY = Path(__file__).parents[4]
OURS = REPOSITORY / "tests/data/text"
SAMPLES = REPOSITORY.parent / "shared/samples"
OK = None

# Kinds of verdict by file: None counts entries.
EXPECTED: dict[Path, dict[str | None, int]] = {
    OURS / "forms.txt": {OK: 30},
    OURS / "rejected.txt": {
        "no_proxy": 3, "no_port": 1, "bad_port": 1, "bad_octet": 2, "bad_host": 2, "bad_ipv6": 1, "glued": 2,
        "unsupported_scheme": 2, "bad_credentials": 1, "control_characters": 1,
    },
    OURS / "provider.csv": {OK: 2, "bad_date": 1},
    OURS / "headerless.csv": {OK: 2},
    OURS / "table.html": {OK: 2, "bad_octet": 1},
    OURS / "escaped.xml": {OK: 1, "no_proxy": 1},
    OURS / "envelope.json": {OK: 3, "no_port": 1},
    OURS / "rows.ndjson": {OK: 2, "bad_json": 1},
    SAMPLES / "clarketm_proxy-list-raw.txt": {OK: 400},
    SAMPLES / "clarketm_proxy-list.txt": {OK: 400, "no_proxy": 6},
    SAMPLES / "free-proxy-list_net_assembled.html": {OK: 9},
    SAMPLES / "freeproxylist_socksproxynet_2015.html": {OK: 15},
    SAMPLES / "freeproxylists_com_escaped_html.xml": {OK: 8, "no_proxy": 1},
    SAMPLES / "geonode_api_page_2026-07.json": {OK: 3},
    SAMPLES / "gfpcom_http_142k.txt": {OK: 142407, "bad_octet": 5, "bad_port": 7},
    SAMPLES / "gfpcom_socks5_malformed.txt": {"bad_octet": 233, "glued": 85, "bad_port": 1, "bad_host": 2},
    SAMPLES / "hideip_socks5.txt": {OK: 50},
    SAMPLES / "monosans_all_scheme.txt": {OK: 492},
    SAMPLES / "monosans_http.txt": {OK: 318},
    SAMPLES / "monosans_proxies.json": {OK: 492},
    SAMPLES / "monosans_socks5.txt": {OK: 79},
    SAMPLES / "proxifly_50.txt": {OK: 50},
    SAMPLES / "proxyscrape_mirror_excerpt.csv": {OK: 18},
    SAMPLES / "proxyscrape_v4_json_one_entry.json": {OK: 1},
    SAMPLES / "roosterkid_HTTPS_broken_Array.txt": {"no_proxy": 1323},
}  # fmt: skip
FILES = [path for path in EXPECTED if path.exists()]


def verdicts(data: bytes, **options: object) -> list[Verdict]:
    return list(read([data], allow_private=True, **options))  # type: ignore[arg-type]


def entries(data: bytes, **options: object) -> list[Entry | None]:
    return [verdict.entry for verdict in verdicts(data, **options)]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_files_by_kinds_of_verdict(path: Path) -> None:
    found = verdicts(path.read_bytes(), free_list=True)
    assert Counter(verdict.reason for verdict in found) == EXPECTED[path]
    assert all((verdict.entry is None) == (verdict.reason in REASONS) for verdict in found)
    assert [verdict.line for verdict in found] == sorted(verdict.line for verdict in found)


@pytest.mark.parametrize("path", [path for path in FILES if path.stat().st_size < 20_000], ids=lambda path: path.name)
@pytest.mark.parametrize("size", [1, 7, 4096])
def test_chunks_make_no_difference(path: Path, size: int) -> None:
    data = path.read_bytes()
    chunks = [data[start : start + size] for start in range(0, len(data), size)]
    assert list(read(chunks, allow_private=True)) == verdicts(data)


@given(
    st.lists(
        st.sampled_from(
            [b"192.0.2.1:80", b"\r", b"\n", b"\r\n", b" ", b"x:y", b"\xff", b"IP: ", b"Port: 80", b"#", b"a" * 3000]
        ),
        max_size=20,
    )
)
@settings(deadline=None, max_examples=150)
def test_chunks_of_any_text_make_no_difference(chunks: list[bytes]) -> None:
    assert list(read(chunks, allow_private=True)) == verdicts(b"".join(chunks))


def test_the_forms_file_entry_by_entry() -> None:
    found = {verdict.entry.host: verdict for verdict in verdicts((OURS / "forms.txt").read_bytes()) if verdict.entry}
    logins = [("alice", "s3cret")] * 4 + [("alice", "p%40ss"), ("alice", "p@ss"), ("alice", "p@ss:w")]
    for number, login in enumerate(logins, 5):
        entry = found[f"192.0.2.{number}"].entry
        assert entry is not None
        assert entry[3:5] == login
    assert found["192.0.2.3"].entry == Entry("https", "192.0.2.3", 8443)
    assert found["192.0.2.18"].entry == Entry(
        "http", "192.0.2.18", 8080, extras=Extras(country="DE", anonymity="elite", protocols=("http", "https"))
    )
    assert found["192.0.2.22"].line == found["192.0.2.23"].line == 30
    assert found["192.0.2.25"] == Verdict(32, Entry("http", "192.0.2.25", 8080, "alice", "s3:cret"))
    assert [host for host, verdict in found.items() if verdict.ambiguous] == ["203.0.113.13"]


def test_an_unknown_format_or_scheme_is_refused_at_once() -> None:
    with pytest.raises(
        ValueError, match=r"unknown format 'yaml'; use one of: auto, text, csv, json, ndjson, html, xml"
    ):
        read([], format="yaml")
    with pytest.raises(ValueError, match="unknown scheme"):
        read([], scheme="gopher")


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_survives_every_content(name: str) -> None:
    for path in FILES[:8]:
        for verdict in read([path.read_bytes()], format=name):
            assert (verdict.entry is None) == (verdict.reason in REASONS)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", []),
        (b"\n\r\n# comment\n // x\n;y\n", []),
        (b"192.0.2.1:80", [(1, OK)]),
        (b"\xef\xbb\xbf192.0.2.1:80\r\n192.0.2.2:80\r192.0.2.3:80", [(1, OK), (2, OK), (3, OK)]),
        ("\ufeff192.0.2.1:80\n192.0.2.2:80\n".encode("utf-16"), [(1, OK), (2, OK)]),
        ("192.0.2.1:80\n".encode("utf-16-be"), [(1, "binary")]),
        (b"\x7fELF\0\0" * 1000, [(1, "binary")]),
        (b"\x1f\x8b\x08", [(1, "binary")]),
        (b"192.0.2.1:80\n192.0.2.2\0:80\n192.0.2.3:80", [(1, OK), (2, "control_characters"), (3, OK)]),
        (b"x" * 5000 + b"\n192.0.2.1:80", [(1, "too_long"), (2, OK)]),
        (b"#" * 5000 + b"\n192.0.2.1:80", [(1, "too_long"), (2, OK)]),
        (b"#%b\n" % (b"x" * 100) * 50 + b"\0\n192.0.2.1:80", [(51, "control_characters"), (52, OK)]),
        ("192.0.2.1:80:Москва\n".encode("cp1251"), [(1, "bad_credentials")]),
        ("192.0.2.1:80 Zürich".encode("latin-1"), [(1, OK)]),
        (b"192.0.2.1:80 10.0.0.1:x 192.0.2.2:80", [(1, "bad_credentials")]),
        (b"192.0.2.1:80 192.0.2.2:99999", [(1, OK), (1, "bad_port")]),
        (b"IP: 192.0.2.1\nPort: 80\n192.0.2.2:80\nIP: 192.0.2.3", [(1, OK), (3, OK), (4, "no_port")]),
        (b"IP: 192.0.2.1\nPort: 80\n" + b"z" * 9000, [(1, OK), (3, "too_long")]),
    ],
)  # fmt: skip
def test_encodings_endings_and_numbers(data: bytes, expected: list[tuple[int, str | None]]) -> None:
    found = verdicts(data)
    assert [(verdict.line, verdict.reason) for verdict in found] == expected
    assert list(read([data[at : at + 1] for at in range(len(data))], allow_private=True)) == found


def test_options_reach_the_lines() -> None:
    assert entries(b"192.0.2.1:80", scheme="socks5") == [Entry("socks5", "192.0.2.1", 80)]
    assert entries(b"https://192.0.2.1:80", free_list=True) == [
        Entry("http", "192.0.2.1", 80, extras=Extras(protocols=("https",)))
    ]
    assert [verdict.reason for verdict in read([b"192.0.2.1:80"])] == ["not_global"]


def test_an_endless_file_is_read_in_constant_memory() -> None:
    def endless() -> Iterator[bytes]:
        yield from (b"192.0.2.1:80\n" * 1000 for _ in range(100))
        yield from (b"x" * 65536 for _ in range(300))
        yield from (b"\r" * 65536 for _ in range(3))
        yield b"\n192.0.2.2:80"

    tracemalloc.start()
    count = Counter(verdict.reason for verdict in read(endless(), allow_private=True))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == {OK: 100_001, "too_long": 1}
    assert peak < 4_000_000


def test_documents_over_the_limit_are_not_parsed() -> None:
    def endless() -> Iterator[bytes]:
        yield b"["
        yield from (b" " * (1 << 20) for _ in range(65))

    assert [verdict.reason for verdict in read(endless())] == ["too_large"]


def test_no_verdict_shows_a_password() -> None:
    forms = [
        "192.0.2.1:80:{}:{}",
        "{}:{}@192.0.2.1:99999",
        "http://{}:{}@x_y:80",
        "IP: x_y Port: 80 User: {} Password: {}",
        "{} {}",
    ]
    text = "\n".join(form.format("canary", "canary") for form in forms)
    for name in ("text", "csv", "ndjson", "html", "xml", "json"):
        assert "canary" not in repr(verdicts(text.encode(), format=name))
