"""Keys of the APIs that need one: from our settings into a header, never into an address, a row or a log."""

from typing import Self
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.crawler import Crawler

from crawlers.resolver import OUR_SETTINGS
from models.config import Settings

_HEADER = "Authorization"


class ApiKeys:
    """Sends a key to its own host over https and to nobody else, wherever a redirect leads."""

    def __init__(self, settings: Settings) -> None:
        self._keys = {
            host: key.get_secret_value()
            for key, hosts in (
                (settings.hh_token, ("api.hh.ru",)),
                (settings.vk_token, ("api.vk.com", "api.vk.ru")),
            )
            if key is not None
            for host in hosts
        }

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Build as Scrapy asks."""
        return cls(crawler.settings[OUR_SETTINGS])

    def process_request(self, request: Request) -> None:
        """Add the key of the request's host, and take any other one away."""
        request.headers.pop(_HEADER, None)
        parts = urlsplit(request.url)
        key = self._keys.get(parts.hostname or "") if parts.scheme == "https" else None
        if key is not None and parts.path != "/robots.txt":
            request.headers[_HEADER] = f"Bearer {key}"
