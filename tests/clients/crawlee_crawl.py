"""A Crawlee crawler as a program: asks as JSON on standard input, [status, text] for each on standard output.

Lab certificates are not verified: Crawlee's client knows the authorities of the system only.
"""

import asyncio
import json
import sys
from datetime import timedelta
from logging import CRITICAL

from crawlee import ConcurrencySettings, Request
from crawlee.configuration import Configuration
from crawlee.crawlers import BasicCrawlingContext, HttpCrawler, HttpCrawlingContext
from crawlee.http_clients import ImpitHttpClient
from crawlee.proxy_configuration import ProxyConfiguration
from crawlee.storage_clients import MemoryStorageClient

ASKS = json.load(sys.stdin)
TOLD = [[0, "nothing came"] for _ in ASKS]


async def proxy_of(_session: str | None, request: Request | None) -> str | None:
    """The proxy of an ask; Crawlee wants a function where each request has its own."""
    return None if request is None else str(ASKS[int(request.unique_key)]["proxy"])


async def crawl() -> None:
    """All asks, in no order."""
    crawler = HttpCrawler(
        configuration=Configuration(purge_on_start=False),
        storage_client=MemoryStorageClient(),
        http_client=ImpitHttpClient(verify=False),
        proxy_configuration=ProxyConfiguration(new_url_function=proxy_of),
        concurrency_settings=ConcurrencySettings(desired_concurrency=len(ASKS), max_concurrency=len(ASKS)),
        request_handler_timeout=timedelta(seconds=15),
        navigation_timeout=timedelta(seconds=15),
        max_request_retries=0,
        max_session_rotations=0,
        retry_on_blocked=False,
        ignore_http_error_status_codes=[407],
        configure_logging=False,
    )
    crawler.log.setLevel(CRITICAL)

    @crawler.router.default_handler
    async def answered(context: HttpCrawlingContext) -> None:
        text = (await context.http_response.read()).decode()
        TOLD[int(context.request.unique_key)] = [context.http_response.status_code, text]

    @crawler.failed_request_handler
    async def failed(context: BasicCrawlingContext, error: Exception) -> None:
        TOLD[int(context.request.unique_key)] = [0, repr(error)]

    await crawler.run([Request.from_url(ask["url"], unique_key=str(number)) for number, ask in enumerate(ASKS)])


asyncio.run(crawl())
json.dump(TOLD, sys.stdout)
