"""From the stored bytes of a page to what it says: pure, in the calling process.

Hostile bytes belong into :class:`crawlers.sandbox.ParserChild`, which calls this
in a process of its own, with limits.
"""

from dataclasses import replace
from datetime import datetime

from crawlers.content_encoding import undo_content_encoding
from crawlers.decode import decode, storable
from crawlers.items import BLIND_SPOT, AdItem, AdKind, ContactItem, Extraction
from crawlers.pages.base import Page, PageObject
from crawlers.pages.registry import blind_spot_of, last_resort, recognise
from crawlers.pages.registry import page_object as find_page_object
from crawlers.pages.text import line, node_text

_GZIP = b"\x1f\x8b"
_MAX_UNPACKED_BYTES = 16 * 1024 * 1024


def extract_page(
    body: bytes,
    *,
    url: str,
    content_type: str | None = None,
    page_object: str | None = None,
    fetched_at: datetime | None = None,
) -> Extraction:
    """Read one page.

    Args:
        body: as stored, content encoding already undone.
        url: where the page was in the end.
        content_type: as the server said.
        page_object: name; None = recognise the page by its host and content.
        fetched_at: aware; the day that «вчера» is counted from.

    Raises:
        UnknownPageObject: ``page_object`` names none.
    """
    body, problems = _unpacked(body)
    decoded = decode(body, content_type)
    page = Page(decoded.text, url=url, content_type=content_type, fetched_at=fetched_at)
    for problem in decoded.problems:
        page.note(problem)
    for problem in problems:
        page.miss(problem)
    reader = find_page_object(page_object)(page) if page_object else recognise(page)
    if reader is not None and reader.is_mine():
        return _read(reader, page, n_lost=decoded.n_lost)
    reader = last_resort(page) if page_object is None else None
    if reader is not None and reader.is_mine():
        return _read(reader, page, n_lost=decoded.n_lost)
    page.miss(f"not_this_page: {page_object}" if page_object else "page_not_recognised")
    hidden = blind_spot_of(page, page_object)
    if hidden is not None:
        page.miss(f"{BLIND_SPOT}: {hidden}")
    return Extraction(page_object, _salvaged(page), is_complete=False, problems=tuple(page.problems))


def _unpacked(body: bytes) -> tuple[bytes, tuple[str, ...]]:
    """Undo gzip of a file that is itself gzip, as sitemaps are."""
    if not body.startswith(_GZIP):
        return body, ()
    undone = undo_content_encoding(body, "gzip", max_bytes=_MAX_UNPACKED_BYTES)
    return undone.body, undone.problems


def _read(reader: PageObject, page: Page, *, n_lost: int) -> Extraction:
    ads = tuple(_storable_ad(ad, page) for ad in reader.ads())
    if not ads and not page.is_complete:
        ads = _salvaged(page)
    links = tuple(dict.fromkeys(reader.links()))
    is_gone = reader.is_gone()
    if n_lost and any("\ufffd" in ad.title + ad.text for ad in ads):
        page.miss("undecodable_text")
    return Extraction(reader.name, ads, links, page.is_complete, tuple(page.problems), is_gone)


def _salvaged(page: Page) -> tuple[AdItem, ...]:
    """All text of a page whose markup had to be cut, as one ad: a person must see what the markup hid."""
    if not page.was_cut:
        return ()
    text = node_text(page.tree.body)
    url = page.own_url
    ad = AdItem(
        external_id=url[:512],
        url=url,
        title=line(node_text(page.first("title"))),
        text=text,
        kind=AdKind.PAGE,
    )
    return (_storable_ad(ad, page),) if text else ()


def _storable_ad(ad: AdItem, page: Page) -> AdItem:
    """Clean every text of an ad once more: JSON escapes can bring back what decoding removed."""

    def clean(text: str) -> str:
        kept, problems = storable(text)
        for problem in problems:
            page.note(problem)
        return kept

    def clean_or_none(text: str | None) -> str | None:
        return None if text is None else clean(text)

    return replace(
        ad,
        external_id=clean(ad.external_id),
        url=clean(ad.url),
        title=clean(ad.title),
        text=clean(ad.text),
        author=clean_or_none(ad.author),
        region=clean_or_none(ad.region),
        forwarded_from=clean_or_none(ad.forwarded_from),
        contacts=tuple(ContactItem(contact.kind, clean(contact.value)) for contact in ad.contacts),
        pictures=tuple(clean(url) for url in ad.pictures),
    )
