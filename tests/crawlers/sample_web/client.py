"""A tiny client that speaks to a started sample web under its sites' own host names."""

import http.client
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message

from crawlers.sample_web.ads import Host, SampleAd
from crawlers.sample_web.server import SampleWeb
from crawlers.sample_web.sites import all_sites


@dataclass(frozen=True)
class Reply:
    status: int
    headers: Message
    body: bytes


def ask(web: SampleWeb, host: str, path: str, method: str = "GET", **headers: str) -> Reply:
    connection = http.client.HTTPConnection(*web.address, timeout=10)
    try:
        connection.request(method, path, headers={"Host": host, **headers})
        response = connection.getresponse()
        return Reply(response.status, response.headers, response.read())
    finally:
        connection.close()


def listing_paths(host: str) -> Iterator[str]:
    """Every listing address of a site that holds 20 to 40 ads, or two channels of that together."""
    if host == Host.BARAHOLKA:
        yield "/"
        for section in ("obyavleniya", *all_sites()[host].sections):
            yield from (f"/{section}/?page={n}" for n in range(1, 5))
    elif host == Host.JUMYS:
        yield "/"
        yield from (f"/vacancies?page={n}" for n in range(1, 4))
    elif host == Host.KANAL:
        for channel in all_sites()[host].channels:
            yield f"/s/{channel}"
            yield from (f"/s/{channel}?before={n}" for n in (2118, 2107, 879, 866))
    else:
        yield from ("/", "/feed.xml")


def ad_path(ad: SampleAd) -> str:
    return all_sites()[ad.host].ad_path(ad)
