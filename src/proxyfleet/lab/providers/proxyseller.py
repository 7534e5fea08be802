"""A stand-in for Proxy-Seller: envelopes with `errors`, orders that are delivered later, ids that change when prolonged."""

from datetime import UTC, datetime

from proxyfleet.lab.httpd import Reply

from .shop import Booked, NoMoney, NoStock, Shop, Sold
from .site import Called, ProviderSite, told

SECTIONS = ("ipv4", "ipv6", "mobile", "isp", "mix", "mix_isp", "resident", "scraper")
PERIODS = {"1w": 7, "2w": 14, "1m": 30, "2m": 60, "3m": 90, "6m": 180, "9m": 270, "12m": 360}
TRIPLE = ("Error api key", "IP not allowed 192.0.2.1", "Request limit reached")
COUNTRIES = {"USA": "US", "FRA": "FR", "DEU": "DE"}
ALPHA3 = {two: three for three, two in COUNTRIES.items()}


class Refusal(Exception):
    """(number, message) of an error."""


class ProxySellerSite(ProviderSite):
    """`comments` shows the tag of an order as the comment of its proxies, which the real one does not promise."""

    prefix = "/personal/api/v2/"

    def __init__(self, shop: Shop, *, key: str = "lab-key", port: int = 0) -> None:
        super().__init__(shop, key=key, port=port)
        self.comments = False

    def named(self, call: Called) -> str:
        """`list`, `balance`, `calc`, `buy`, `prolong calc`, `prolong`, `replace`."""
        path = call.path.removeprefix(f"{self.key}/").strip("/")
        fixed = {"proxy/list": "list", "balance/get": "balance", "order/calc": "calc", "order/make": "buy"}
        if path.startswith("prolong/"):
            return "prolong" if path.startswith("prolong/make/") else "prolong calc"
        return fixed.get(path) or ("replace" if path == "proxy/replace" else "unknown")

    def carried_out(self, name: str, call: Called) -> Reply:
        """One call."""
        if not call.path.startswith(f"{self.key}/"):
            return _failed(*((503, text) for text in TRIPLE))
        try:
            return told({"status": "success", "data": self._done(name, call), "errors": []})
        except Refusal as refusal:
            return _failed((refusal.args[0], refusal.args[1]))
        except NoMoney:
            return _failed((16, "Insufficient funds"))
        except NoStock:
            return _failed((41, "Not enough proxies in stock"))

    def _done(self, name: str, call: Called) -> object:
        body = call.body
        match name:
            case "list":
                return self._list()
            case "balance":
                return {"summ": self.shop.balance}
            case "calc":
                count, days, _ = self._wanted(body)
                return self._calculated(count, days)
            case "buy":
                return self._buy(body)
            case "prolong calc":
                return self._calculated(len(self._numbers(body)), _days(body))
            case "prolong":
                return self._made(self.shop.prolong(self._numbers(body), _days(body), renumber=True))
            case "replace":
                self.shop.replace(self._numbers(body))
                return {}
        raise Refusal(404, "Unknown method")

    def _wanted(self, body: dict[str, object]) -> tuple[int, int, str]:
        if body.get("sectionCode") not in SECTIONS or body.get("countryId") not in COUNTRIES:
            raise Refusal(14, "Incorrect goal")
        if body.get("sectionCode") == "ipv4" and not body.get("customTargetName"):
            raise Refusal(14, "Incorrect goal")
        return int(str(body.get("quantity", 0))), _days(body), COUNTRIES[str(body["countryId"])]

    def _calculated(self, count: int, days: int) -> dict[str, object]:
        total, balance = self.shop.cost(count, days), self.shop.balance
        warning = "Insufficient funds. Please refill the balance" if total > balance else ""
        more = {"currency": self.shop.currency, "discount": 0, "items": []}
        return {"warning": warning, "balance": balance, "total": total, "quantity": count, **more}

    def _buy(self, body: dict[str, object]) -> dict[str, object]:
        count, days, country = self._wanted(body)
        note, sort = str(body.get("customTargetName", "")), str(body["sectionCode"])
        return self._made(self.shop.buy(count, days, country, note=note, sort=sort))

    def _made(self, booked: Booked) -> dict[str, object]:
        more = {"orderIds": [booked.number], "listBaseOrderNumbers": [f"{booked.number}_1"]}
        return {"orderId": booked.number, "total": booked.price, "balance": self.shop.balance, **more}

    def _numbers(self, body: dict[str, object]) -> list[int]:
        """By `ids`, or all of `orderIds`."""
        ids, orders = body.get("ids"), body.get("orderIds")
        if isinstance(ids, list):
            found = [int(str(one)) for one in ids]
        else:
            wanted = {str(one) for one in orders} if isinstance(orders, list) else set()
            found = [one.number for one in self.shop.listed() if str(one.order) in wanted]
        if not found or any(one not in self.shop.sold for one in found):
            raise Refusal(29, "Incorrect orderIds")
        return found

    def _list(self) -> dict[str, object]:
        """Every section; one that is still being prepared is listed without an address."""
        found: dict[str, list[object]] = {section: [] for section in SECTIONS}
        ready = {one.number for one in self.shop.listed()}
        for one in self.shop.sold.values():
            found[one.sort or "ipv4"].append(self._row(one, ready=one.number in ready))
        return dict(found)

    def _row(self, one: Sold, *, ready: bool) -> dict[str, object]:
        socks = one.place.scheme == "socks5"
        return {
            "id": str(one.number),
            "order_id": str(one.order),
            "order_number": f"{one.order}_1",
            "basket_id": "7",
            "ip": one.place.host if ready else "",
            "ip_only": one.place.host if ready else "",
            "protocol": "SOCKS5" if socks else "HTTP",
            "port_socks": (one.place.port if socks else one.place.port + 1) if ready else None,
            "port_http": (one.place.port + 1 if socks else one.place.port) if ready else None,
            "login": one.place.username,
            "password": one.place.password,
            "country": "",
            "country_alpha3": ALPHA3.get(one.country, ""),
            "date_start": _day(one.bought),
            "date_end": _day(one.expires),
            "auto_renew": "N",
            "can_prolong": True,
            "comment": one.note if self.comments else "",
        }


def _days(body: dict[str, object]) -> int:
    days = PERIODS.get(str(body.get("periodId")))
    if days is None:
        raise Refusal(14, "Incorrect period")
    return days


def _failed(*errors: tuple[int, str]) -> Reply:
    told_errors = [{"message": text, "code": code, "customData": None} for code, text in errors]
    return told({"status": "error", "data": None, "errors": told_errors})


def _day(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%d.%m.%Y")
