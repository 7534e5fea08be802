"""Stand-ins for those who sell proxies, over real HTTP: a shop with stock and money, and whatever can go wrong with answers.

    async with Px6Site(Shop(clock=clock, places=places_of(lab)), key="secret") as site:
        site.fault("stall", on="buy", times=1)      # the order is taken, the answer never comes
        ... open_provider("px6", "main", "secret", calls, {"address": site.url, "allow_private": "yes"}, clock)

Names only; see `shop`, `site` and `faults`.
"""

from .proxyseller import ProxySellerSite
from .px6 import Px6Site
from .rest import RestSite
from .shop import Place, Shop, Sold, places_of
from .site import ProviderSite
from .webshare import WebshareSite

__all__ = [
    "Place",
    "ProviderSite",
    "ProxySellerSite",
    "Px6Site",
    "RestSite",
    "Shop",
    "Sold",
    "WebshareSite",
    "places_of",
]
