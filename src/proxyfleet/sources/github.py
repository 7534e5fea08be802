"""Lists that are kept on GitHub, as a table: a row is a repository, its files, and which protocol each file is about.

Raw files are asked for first; jsDelivr mirrors every public repository and answers when they fail, a few hours older.
"""

from typing import Final, NamedTuple

from proxyfleet.core.source import Feed, Source

KIND: Final = "github"
HOUR: Final = 3600.0
RAW: Final = "https://raw.githubusercontent.com"
CDN: Final = "https://cdn.jsdelivr.net/gh"

FOUR: Final = ("http", "https", "socks4", "socks5")
THREE: Final = ("http", "socks4", "socks5")
TWO: Final = ("http", "socks5")


class Repository(NamedTuple):
    """`path` has `{}` where the protocol stands; `files` are (path, scheme) of files that fit no pattern."""

    name: str
    repository: str
    branch: str
    path: str = ""
    protocols: tuple[str, ...] = ()
    files: tuple[tuple[str, str], ...] = ()
    format: str = "auto"
    trusted: bool = True
    on_request: bool = False
    interval: float = HOUR


TABLE: Final = (
    Repository("monosans", "monosans/proxy-list", "main", files=(("proxies/proxies.json", "http"),), format="json"),
    # The protocols of its files have been found wrong often.
    Repository("thespeedx", "TheSpeedX/PROXY-List", "master", "{}.txt", THREE, trusted=False, interval=6 * HOUR),
    Repository("proxifly", "proxifly/free-proxy-list", "main", files=(("proxies/all/data.json", "http"),), format="json"),
    Repository("jetkai", "jetkai/proxy-list", "main", "online-proxies/txt/proxies-{}.txt", FOUR),
    Repository("hookzof", "hookzof/socks5_list", "master", files=(("proxy.txt", "socks5"),)),
    Repository(
        "roosterkid", "roosterkid/openproxylist", "main",
        files=(("HTTPS_RAW.txt", "https"), ("SOCKS4_RAW.txt", "socks4"), ("SOCKS5_RAW.txt", "socks5")),
    ),
    Repository("hideip.me", "zloi-user/hideip.me", "main", "{}.txt", FOUR, (("connect.txt", "https"),)),
    Repository("dpangestuw", "dpangestuw/Free-Proxy", "main", "{}_proxies.txt", TWO),
    Repository("ercindedeoglu", "ErcinDedeoglu/proxies", "main", "proxies/{}.txt", THREE),
    Repository("vakhov", "vakhov/fresh-proxy-list", "master", "{}.txt", THREE),
    Repository("zaeem20", "Zaeem20/FREE_PROXIES_LIST", "master", "{}.txt", FOUR),
    Repository("rdavydov", "rdavydov/proxy-list", "main", "proxies/{}.txt", THREE),
    Repository("aliilapro", "ALIILAPRO/Proxy", "main", "{}.txt", TWO),
    Repository("databay-labs", "databay-labs/free-proxy-list", "master", "{}.txt", THREE),
    Repository("sunny9577", "sunny9577/proxy-scraper", "master", "generated/{}_proxies.txt", TWO),
    Repository("zevtyardt", "zevtyardt/proxy-list", "main", "{}.txt", THREE),
    Repository("elliottophellia", "elliottophellia/proxylist", "master", "results/{0}/global/{0}_checked.txt", TWO),
    Repository("sevenworksdev", "SevenworksDev/proxy-list", "main", "proxies/{}.txt", TWO),
    Repository("stamparm", "stamparm/aux", "master", files=(("fetch-some-list.txt", "http"),), format="json"),
    # Over 100,000 that nobody has verified: only for those who ask for it.
    Repository(
        "gfpcom", "gfpcom/free-proxy-list", "main", "list/{}.txt", FOUR, trusted=False, on_request=True, interval=6 * HOUR
    ),
)  # fmt: skip


def _source(row: Repository) -> Source:
    patterned = [(row.path.format(protocol), protocol) for protocol in row.protocols]
    feeds = tuple(_feed(row, path, scheme) for path, scheme in (*patterned, *row.files))
    return Source(
        row.name, KIND, feeds, row.format, trusted=row.trusted, interval=row.interval, on_request=row.on_request
    )


def _feed(row: Repository, path: str, scheme: str) -> Feed:
    mirror = f"{CDN}/{row.repository}@{row.branch}/{path}"
    return Feed(f"{RAW}/{row.repository}/{row.branch}/{path}", scheme, mirror)


SOURCES: Final = tuple(map(_source, TABLE))
