"""A Scrapy spider as a program: asks as JSON on standard input, [status, text] for each on standard output.

An argument names a download handler instead of the usual one. Lab certificates are not verified, because Scrapy verifies
none by default.
"""

import json
import sys
from typing import ClassVar

import scrapy
from scrapy.crawler import CrawlerProcess

ASKS = json.load(sys.stdin)
TOLD = [[0, "nothing came"] for _ in ASKS]
HANDLERS = {"DOWNLOAD_HANDLERS": dict.fromkeys(("http", "https"), sys.argv[1])} if sys.argv[1:] and sys.argv[1] else {}


class Visits(scrapy.Spider):
    """All asks, in no order."""

    name = "visits"
    custom_settings: ClassVar = {
        "LOG_ENABLED": False,
        "RETRY_ENABLED": False,
        "TELNETCONSOLE_ENABLED": False,
        "DOWNLOAD_TIMEOUT": 15,
        **HANDLERS,
    }

    async def start(self):
        """A request for each, with its proxy in `meta`, as Scrapy wants it."""
        for number, ask in enumerate(ASKS):
            yield scrapy.Request(
                ask["url"],
                meta={"proxy": ask["proxy"], "handle_httpstatus_all": True, "number": number},
                callback=self.answered,
                errback=self.failed,
                dont_filter=True,
            )

    def answered(self, response):
        """An answer, whatever it says."""
        TOLD[response.meta["number"]] = [response.status, response.text]

    def failed(self, failure):
        """No answer: a refused tunnel."""
        TOLD[failure.request.meta["number"]] = [0, repr(failure.value)]


process = CrawlerProcess()
process.crawl(Visits)
process.start()
json.dump(TOLD, sys.stdout)
