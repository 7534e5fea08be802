"""What people call the columns of a proxy list: header names and labels mapped to our field names.

A closed table; unknown columns are ignored. The documentation lists it from here (docs/reference/text-formats.md).
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Final

SYNONYMS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "proxy": ("proxy", "proxies", "url", "proxy url", "endpoint", "proxy string", "代理"),
        "host": ("host", "hostname", "server", "proxy host", "proxy address", "主机", "服务器", "хост", "сервер"),
        "ip": ("ip", "ip address", "address", "ip addr", "proxy ip", "ip地址", "地址", "адрес", "айпи"),
        "port": ("port", "proxy port", "端口", "порт", "puerto", "porta"),
        "scheme": ("protocol", "scheme", "proto", "version", "proxy protocol", "协议", "протокол"),
        "protocols": ("protocols",),
        "username": ("username", "user", "login", "user name", "proxy user", "proxy username", "账号", "用户名", "用户",
                     "帐号", "логин", "пользователь", "usuario", "usuário", "kullanıcı adı"),
        "password": ("password", "pass", "pwd", "passwd", "proxy pass", "proxy password", "密码", "пароль",
                     "contraseña", "senha", "şifre"),
        "country_code": ("country code", "cc", "code", "iso code", "countrycode2"),
        "country": ("country", "country name", "geo", "location", "国家", "страна"),
        "region": ("region", "state", "region name", "subdivision", "subdivisions", "province"),
        "city": ("city", "city name", "town", "城市", "город"),
        "asn": ("asn", "as", "as number", "autonomous system number"),
        "anonymity": ("anonymity", "anonymity level", "anonymous", "anon", "level"),
        "https": ("https", "ssl", "supports https", "https support"),
        "exit_address": ("exit ip", "exit address", "exit", "egress ip", "outgoing ip", "external ip", "real ip"),
        "tags": ("tags", "tag", "labels", "groups"),
        "provider": ("provider", "vendor", "seller", "supplier"),
        "source": ("source",),
        "type": ("type", "proxy type", "тип"),
        "kind": ("kind", "rotation"),
        "expires_at": ("expires at", "expires", "expiry", "expiry date", "expiration", "expiration date", "expire",
                       "expire date", "valid until", "valid to", "date end", "end date", "expired at", "到期时间"),
        "status": ("status",),
        "speaks": ("speaks",),
        "max_connections": ("max connections", "connections"),
        "min_interval": ("min interval",),
        "target_capacity": ("target capacity", "capacity per target"),
        "capacity": ("capacity", "max sessions", "max viewers per proxy", "slots"),
        "cost_per_month": ("cost per month", "cost", "price", "monthly cost", "price per month", "monthly price"),
        "cost_per_gb": ("cost per gb", "price per gb", "gb price", "per gb"),
        "currency": ("currency",),
        "refresh_url": ("refresh url", "rotate url", "change ip url", "rotation url", "change ip link", "reset url"),
        "notes": ("notes", "note", "comment", "comments", "description", "descr", "remark", "备注"),
    }
)  # fmt: skip
ADDRESS: Final = frozenset({"proxy", "host", "ip"})

_PUNCTUATION: Final = re.compile(r"[\W_]+")


def _key(name: str) -> str:
    return _PUNCTUATION.sub("", name.lower())


_BY_NAME: Final = {_key(name): field for field, names in SYNONYMS.items() for name in names}


def column(name: str) -> str | None:
    """Our field for a column's name, whatever its case and punctuation; None for one we do not read."""
    return _column(name[:64])


@lru_cache(maxsize=1024)
def _column(name: str) -> str | None:
    """Remembered, because every object of a list names its columns anew."""
    return _BY_NAME.get(_key(name))


def header(cells: list[str]) -> list[str | None] | None:
    """The fields of a header row, or None when it does not say where the address and port are.

    A column named twice counts once, the first.
    """
    fields: list[str | None] = []
    for cell in cells:
        field = column(cell)
        fields.append(None if field in fields else field)
    known = set(fields)
    return fields if "proxy" in known or ("port" in known and known & ADDRESS) else None
