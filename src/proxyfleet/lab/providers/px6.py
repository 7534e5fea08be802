"""A stand-in for PX6: the key in the path, errors with status 200, lists as objects, most numbers as texts."""

from collections import deque
from collections.abc import Iterable
from datetime import UTC, datetime

from proxyfleet.lab.httpd import Reply

from .shop import NoMoney, NoStock, Shop, Sold
from .site import Called, ProviderSite, told

ERRORS = {
    30: "Error unknown", 100: "Error key", 110: "Error method", 200: "Error count", 210: "Error period", 220: "Error country",
    230: "Error ids", 240: "Error version", 250: "Error descr", 260: "Error type", 300: "Error active proxy allow",
    400: "Error no money", 404: "Error not found",
}  # fmt: skip
METHODS = {"getproxy": "list", "getprice": "price", "getcount": "stock", "getcountry": "countries"}
COUNTRIES = ("ru", "us", "de", "fr", "gb")


class Refusal(Exception):
    """The number of an error."""


class Px6Site(ProviderSite):
    """`strict` answers 429 to a fourth call within a second of the shop's clock; `error` is what every order fails with."""

    prefix = "/api/"

    def __init__(self, shop: Shop, *, key: str = "lab-key", port: int = 0) -> None:
        super().__init__(shop, key=key, port=port)
        self.strict = False
        self.error: int | None = None
        self._recent = deque[float]()

    def named(self, call: Called) -> str:
        """`list`, `price`, `stock`, `countries`, `buy`, `prolong`."""
        method = call.path.rstrip("/").rpartition("/")[2]
        return METHODS.get(method, method)

    def carried_out(self, name: str, call: Called) -> Reply:
        """One call."""
        if self.strict and self._too_fast():
            return Reply(429, b"")
        envelope = {"user_id": "1", "balance": f"{self.shop.balance:.2f}", "currency": self.shop.currency}
        try:
            if not call.path.startswith(f"{self.key}/"):
                raise Refusal(100)
            found = self._done(name, call.query)
        except Refusal as refusal:
            number = int(str(refusal))
            return told({"status": "no", "error_id": number, "error": ERRORS.get(number, "Error")})
        envelope["balance"] = f"{self.shop.balance:.2f}"
        return told({"status": "yes", **envelope, **found})

    def _too_fast(self) -> bool:
        now, recent = self.shop.clock(), self._recent
        while recent and recent[0] <= now - 1.0:
            recent.popleft()
        recent.append(now)
        return len(recent) > 3

    def _done(self, name: str, query: dict[str, str]) -> dict[str, object]:
        if name == "list":
            return self._list(query)
        if name == "countries":
            return {"list": list(COUNTRIES)}
        if name == "stock":
            return {"count": str(self.shop.in_stock(query.get("country", "")))}
        if name == "price":
            count, days = _number(query, "count", 200), _number(query, "period", 210)
            return {**self._priced(count, days), "period": days, "count": count}
        if self.error is not None:
            raise Refusal(self.error)
        if name == "buy":
            return self._buy(query)
        if name == "prolong":
            return self._prolong(query)
        raise Refusal(110)

    def _priced(self, count: int, days: int) -> dict[str, object]:
        return {"price": f"{self.shop.cost(count, days):.2f}", "price_single": f"{self.shop.price * days:.4f}"}

    def _list(self, query: dict[str, str]) -> dict[str, object]:
        page, limit = int(query.get("page", "1")), min(int(query.get("limit", "1000")), 1000)
        every = [one for one in self.shop.listed() if query.get("descr") in (None, one.note)]
        return self._shown(every[(page - 1) * limit : page * limit])

    def _shown(self, sold: Iterable[Sold]) -> dict[str, object]:
        """PHP writes an empty object as a list."""
        found = {str(one.number): self._row(one) for one in sold}
        return {"list_count": len(found), "list": found or []}

    def _row(self, one: Sold) -> dict[str, object]:
        return {
            "id": str(one.number),
            "version": one.sort or "4",
            "ip": one.place.host,
            "host": one.place.host,
            "port": str(one.place.port),
            "user": one.place.username,
            "pass": one.place.password,
            "type": "socks" if one.place.scheme == "socks5" else "http",
            "country": one.country.lower(),
            "date": _local(one.bought),
            "date_end": _local(one.expires),
            "unixtime": int(one.bought),
            "unixtime_end": int(one.expires),
            "descr": one.note,
            "active": "1" if one.expires > self.shop.clock() else "0",
        }

    def _buy(self, query: dict[str, str]) -> dict[str, object]:
        count, days, note = _number(query, "count", 200), _number(query, "period", 210), query.get("descr", "")
        if query.get("version") not in ("3", "4", "5", "6"):
            raise Refusal(240)
        if query.get("country") not in COUNTRIES:
            raise Refusal(220)
        if len(note) > 50:
            raise Refusal(250)
        try:
            booked = self.shop.buy(count, days, query["country"], note=note, sort=query["version"])
        except NoStock:
            raise Refusal(300) from None
        except NoMoney:
            raise Refusal(400) from None
        ordered = {"order_id": str(booked.number), "count": count, "period": days, "country": query["country"]}
        delivered = [self.shop.sold[number] for number in booked.proxies]
        return ordered | self._priced(count, days) | self._shown(delivered if not self.shop.slow else [])

    def _prolong(self, query: dict[str, str]) -> dict[str, object]:
        days = _number(query, "period", 210)
        try:
            booked = self.shop.prolong([int(one) for one in query.get("ids", "").split(",")], days)
        except (KeyError, ValueError):
            raise Refusal(230) from None
        except NoMoney:
            raise Refusal(400) from None
        later = {
            str(number): {
                "id": str(number),
                "date_end": _local(self.shop.sold[number].expires),
                "unixtime_end": int(self.shop.sold[number].expires),
            }
            for number in booked.proxies
        }
        return {"order_id": str(booked.number), "count": len(later), "period": days, "list": later} | self._priced(
            len(later), days
        )


def _number(query: dict[str, str], name: str, error: int) -> int:
    text = query.get(name, "")
    if not text.isdecimal() or int(text) < 1:
        raise Refusal(error)
    return int(text)


def _local(at: float) -> str:
    """In the time of Moscow, as such dates are."""
    return datetime.fromtimestamp(at + 3 * 3600, UTC).strftime("%Y-%m-%d %H:%M:%S")
