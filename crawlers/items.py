"""What a page says, as plain values: ads, links to follow, and how far the page could be read.

These cross the border of the parser child, so each has a JSON form; nothing of them is ever pickled.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

import orjson

from models.enums import ContactKind, RequestKind

# Problem of a page that is the site's word for showing nothing; the map of blind spots counts these.
BLIND_SPOT = "blind_spot"


class AdKind(StrEnum):
    """What sort of text an ad is, as far as the page itself says."""

    JOB = "job"
    CLASSIFIED = "classified"
    POST = "post"
    ARTICLE = "article"
    PAGE = "page"


@dataclass(frozen=True, slots=True)
class ContactItem:
    """A way to reach the author that stands in a field or link of the page, not found in prose."""

    kind: ContactKind
    value: str


@dataclass(frozen=True, slots=True)
class AdItem:
    """One ad as the page shows it; what the page does not say is None or empty.

    Attributes:
        external_id: the site's own id; the canonical address where the site has none.
        url: canonical address of the ad itself.
        title: one line, or "" where the site has no titles.
        text: plain text, lines separated by a line feed.
        contacts: contacts given as fields or links, in page order, each once.
        price_amount: price, or the lower end of a range of salaries.
        price_currency: ISO 4217 code.
        price_period: ``hour``, ``day``, ``week``, ``month`` or ``year``.
        published_at: aware, UTC.
        forwarded_from: channel or person a message was forwarded from.
        pictures: addresses of the ad's own pictures, in page order; nothing fetches them here.
        n_views: how often the site says that it was seen, as exactly as the site says it.
        is_edited: the site says that the author changed it afterwards.
    """

    external_id: str
    url: str
    title: str
    text: str
    author: str | None = None
    contacts: tuple[ContactItem, ...] = ()
    region: str | None = None
    price_amount: Decimal | None = None
    price_currency: str | None = None
    price_period: str | None = None
    published_at: datetime | None = None
    kind: AdKind | None = None
    forwarded_from: str | None = None
    pictures: tuple[str, ...] = ()
    n_views: int | None = None
    is_edited: bool = False


@dataclass(frozen=True, slots=True)
class LinkItem:
    """An address the page points to that is worth a visit: another listing page, or an ad.

    Attributes:
        modified_at: when the page says that it changed last; an ad fetched after that needs no visit.
        is_older: it holds what is older than this page; nobody needs it once a page brings nothing new.
    """

    url: str
    kind: RequestKind
    modified_at: datetime | None = None
    is_older: bool = False


@dataclass(frozen=True, slots=True)
class Extraction:
    """All that was understood of one page, and what was not.

    Attributes:
        page_object: name of the page object that read it; None when none fits.
        is_complete: False when any part was not read; such a page is never "clean".
        problems: what went wrong, each ``name`` or ``name: detail``, never text of the page.
        is_gone: the page says that its ad is closed or removed.
    """

    page_object: str | None
    ads: tuple[AdItem, ...] = ()
    links: tuple[LinkItem, ...] = ()
    is_complete: bool = True
    problems: tuple[str, ...] = ()
    is_gone: bool = False


def to_json(extraction: Extraction) -> bytes:
    """JSON form of an extraction; :func:`from_json` gives an equal one back."""
    return orjson.dumps(extraction, default=_plain)


def from_json(data: bytes) -> Extraction:
    """Read what :func:`to_json` wrote.

    Raises:
        ValueError: not JSON, or a value that no extraction can hold.
        KeyError, TypeError: a field is missing, unknown or of the wrong shape.
    """
    fields = orjson.loads(data)
    fields["ads"] = tuple(_ad_from_json(ad) for ad in fields["ads"])
    fields["links"] = tuple(
        LinkItem(link["url"], RequestKind(link["kind"]), _time(link["modified_at"]), link["is_older"])
        for link in fields["links"]
    )
    fields["problems"] = tuple(fields["problems"])
    return Extraction(**fields)


def readable_json(extraction: Extraction) -> dict[str, Any]:  # Any: JSON
    """JSON form without the fields of ads and links that are None, empty or false: a saved page's output."""
    fields: dict[str, Any] = orjson.loads(to_json(extraction))  # Any: JSON
    for part in ("ads", "links"):
        fields[part] = [
            {name: value for name, value in item.items() if value not in (None, False, [])}
            for item in fields[part]
        ]
    return fields


def ad_json(ad: AdItem) -> dict[str, object]:
    """The line that ``saqshy extract`` prints for an ad (its contract is the command's, not ours).

    ``price`` is null or ``{"amount": "250000", "currency": "KZT", "period": "month"}``; the amount
    is a string because JSON numbers lose decimals, ``published_at`` is ISO 8601 in UTC.
    """
    price = None
    if ad.price_amount is not None:
        price = {"amount": str(ad.price_amount), "currency": ad.price_currency, "period": ad.price_period}
    return {
        "external_id": ad.external_id,
        "url": ad.url,
        "title": ad.title,
        "text": ad.text,
        "author": ad.author,
        "contacts": [{"kind": contact.kind.value, "value": contact.value} for contact in ad.contacts],
        "region": ad.region,
        "price": price,
        "published_at": ad.published_at.isoformat() if ad.published_at else None,
        "kind": ad.kind.value if ad.kind else None,
    }


def _plain(value: object) -> str:
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _ad_from_json(fields: dict[str, Any]) -> AdItem:  # Any: JSON from the child, checked here
    if not all(isinstance(fields[name], str) for name in ("external_id", "url", "title", "text")):
        raise TypeError("an ad's text is no text")
    contacts = tuple(ContactItem(ContactKind(c["kind"]), c["value"]) for c in fields["contacts"])
    amount, kind = fields["price_amount"], fields["kind"]
    return AdItem(
        **{
            **fields,
            "contacts": contacts,
            "pictures": tuple(fields["pictures"]),
            "price_amount": None if amount is None else Decimal(amount),
            "published_at": _time(fields["published_at"]),
            "kind": None if kind is None else AdKind(kind),
        }
    )
