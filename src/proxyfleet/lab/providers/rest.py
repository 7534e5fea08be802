"""A stand-in for a plain REST API: the list is that of proxies.com v2, orders are as most APIs have them.

`odd_dates` lets proxies expire on the thirtieth of February, as the example in that seller's documentation does.
"""

from datetime import UTC, datetime

from proxyfleet.lab.httpd import Reply

from .shop import Booked, NoMoney, NoStock, Shop, Sold
from .site import Called, ProviderSite, told

ODD_DATE = "2021-02-30 10:00:00"


class RestSite(ProviderSite):
    """Bearer token; `GET proxy`, `GET account`, `POST orders`, `POST orders/quote`, `POST orders/extend`."""

    prefix = "/api/v2/"

    def __init__(self, shop: Shop, *, key: str = "lab-key", port: int = 0) -> None:
        super().__init__(shop, key=key, port=port)
        self.odd_dates = False

    def named(self, call: Called) -> str:
        """`list`, `account`, `buy`, `quote`, `prolong`."""
        known = {
            "proxy": "list",
            "account": "account",
            "orders": "buy",
            "orders/quote": "quote",
            "orders/extend": "prolong",
        }
        return known.get(call.path, "unknown")

    def carried_out(self, name: str, call: Called) -> Reply:
        """One call."""
        if call.token != self.key:
            return _failed(401, "E1", "the token is not valid")
        try:
            return told(self._done(name, call))
        except NoMoney:
            return _failed(402, "E43", "not enough money")
        except NoStock:
            return _failed(409, "E44", "not so many of these")
        except (KeyError, ValueError):
            return _failed(422, "E22", "that cannot be")

    def _done(self, name: str, call: Called) -> object:
        body, shop = call.body, self.shop
        match name:
            case "list":
                limit, offset = int(call.query.get("limit", "1000")), int(call.query.get("offset", "0"))
                return [self._shown(one) for one in shop.listed()[offset : offset + limit]]
            case "account":
                return {"money": {"amount": shop.balance, "currency": shop.currency}}
            case "quote":
                count = len(body["ids"]) if body.get("ids") else int(body["count"])
                return {"total": shop.cost(count, int(body["days"])), "currency": shop.currency}
            case "buy":
                note = str(body.get("note", ""))
                return self._told(shop.buy(int(body["count"]), int(body["days"]), str(body["country"]), note=note))
            case "prolong":
                return self._told(shop.prolong([int(one) for one in body["ids"]], int(body["days"])))
        raise ValueError(name)

    def _told(self, booked: Booked) -> dict[str, object]:
        ready = self.shop.listed()
        found = [self._shown(one) for one in ready if one.number in booked.proxies]
        return {"id": booked.number, "total": booked.price, "currency": self.shop.currency, "proxies": found}

    def _shown(self, one: Sold) -> dict[str, object]:
        expires = datetime.fromtimestamp(one.expires, UTC).isoformat()
        return {
            "reference": f"{one.number}",
            "type": 6 if ":" in one.place.host else 4,
            "dedicated": False,
            "proxy_address": one.place.host,
            "connection_address": one.place.host,
            "proxy_port": one.place.port,
            "username": one.place.username,
            "password": one.place.password,
            "auth_ips": [],
            "created_at": datetime.fromtimestamp(one.bought, UTC).isoformat(),
            "expires_at": ODD_DATE if self.odd_dates else expires,
            "auto_renew": False,
            "cost": 3.5,
            "country": one.country,
            "state": None,
            "note": one.note,
            "order": one.order,
        }


def _failed(status: int, code: str, message: str) -> Reply:
    return told({"error": {"code": code, "message": message}}, status)
