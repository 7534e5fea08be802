"""A stand-in for Webshare: `results` in pages with `next`, and replacements that take a few looks to be completed."""

from datetime import UTC, datetime
from urllib.parse import urlencode

from proxyfleet.lab.httpd import Reply

from .shop import Shop, Sold
from .site import Called, ProviderSite, told

STATES = ("validating", "validated", "processing", "completed")


class WebshareSite(ProviderSite):
    """`next_host` leads pages elsewhere; `outcome` "failed" lets replacements fail; `pooled` lists have no addresses."""

    prefix = "/api/"

    def __init__(self, shop: Shop, *, key: str = "lab-key", port: int = 0) -> None:
        super().__init__(shop, key=key, port=port)
        self.next_host: str | None = None
        self.outcome = "completed"
        self.pooled = False
        self._looks: dict[int, int] = {}

    def named(self, call: Called) -> str:
        """`list`, `replace`, `progress`."""
        if call.path == "v2/proxy/list/":
            return "list"
        if call.path == "v3/proxy/replace/":
            return "replace"
        return "progress" if call.path.startswith("v3/proxy/replace/") else "unknown"

    def carried_out(self, name: str, call: Called) -> Reply:
        """One call."""
        if call.token != self.key:
            return told({"detail": "Invalid token."}, 401)
        if name == "list":
            return self._list(call)
        if name == "replace":
            return self._replace(call)
        if name == "progress":
            return self._progress(int(call.path.split("/")[3]))
        return told({"detail": "Not found."}, 404)

    def _list(self, call: Called) -> Reply:
        page, size = int(call.query.get("page", "1")), int(call.query.get("page_size", "25"))
        every = self.shop.listed()
        more = every[page * size :]
        query = urlencode(call.query | {"page": str(page + 1)})
        following = f"{self.next_host or self._origin}{self.prefix}{call.path}?{query}" if more else None
        found = [self._shown(one) for one in every[(page - 1) * size : page * size]]
        return told({"count": len(every), "next": following, "previous": None, "results": found})

    def _shown(self, one: Sold) -> dict[str, object]:
        return {
            "id": f"d-{one.number}",
            "username": one.place.username,
            "password": one.place.password,
            "proxy_address": None if self.pooled else one.place.host,
            "port": one.place.port,
            "valid": True,
            "last_verification": _moment(self.shop.clock()),
            "country_code": one.country,
            "city_name": None,
            "created_at": _moment(one.bought),
        }

    def _replace(self, call: Called) -> Reply:
        gone = call.body.get("to_replace", {})
        hosts = {one.removesuffix("/32") for one in gone.get("ip_ranges", [])}
        numbers = [one.number for one in self.shop.listed() if one.place.host in hosts]
        if gone.get("type") != "ip_range" or not numbers:
            return told({"to_replace": [{"message": "No such proxies.", "code": "invalid"}]}, 400)
        booked = self.shop.replace(numbers).number if self.outcome == "completed" else 98315
        self._looks[booked] = 0
        return told(self._state(booked), 201)

    def _progress(self, order: int) -> Reply:
        if order not in self._looks:
            return told({"detail": "Not found."}, 404)
        self._looks[order] += 1
        return told(self._state(order))

    def _state(self, order: int) -> dict[str, object]:
        state = STATES[min(self._looks[order], len(STATES) - 1)]
        failed = state == "completed" and self.outcome == "failed"
        return {
            "id": order,
            "dry_run": False,
            "state": "failed" if failed else state,
            "proxies_removed": 1,
            "proxies_added": 1,
            "reason": "proxy_replaced",
            "error": "There are not enough proxies." if failed else None,
            "error_code": "not_enough_proxies" if failed else None,
        }


def _moment(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat()
