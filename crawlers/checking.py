"""`saqshy sources check`: fetch a page as a crawl would and show what is extracted; nothing is kept.

Where the page only lists ads, the first of them are fetched, too. They go the whole
way of a crawl, in a scratch folder with a database of their own: what the check shows
is what a crawl would store.
"""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select

from crawlers.browser_fetch.missing import NO_BROWSER, WHAT_TO_DO
from crawlers.evidence.payload import body_of
from crawlers.items import AdItem, ContactItem, Extraction
from crawlers.jobs import run_due_crawl
from crawlers.sandbox import ParserChild
from crawlers.sources_config import SourceConfig, get_source
from models.blobs import BlobStore
from models.config import Settings, load_settings
from models.crawl import CrawlRun, FrontierRequest, Page, Source
from models.enums import FetchResult, RequestKind, RunKind, SourceKind
from models.evidence import Evidence
from models.runs import add_run
from models.schema import upgrade_schema
from models.session import Database
from models.urls import url_sha256
from models.worker import utc_now

_SHOWN_ADS = 3
_SHOWN_CHARACTERS = 80
_FOLLOWED_ADS = 2
_FIELDS = ("title", "text", "author", "contacts", "region", "price_amount", "published_at", "pictures")


@dataclass(frozen=True)
class FetchedPage:
    """A page as it came; ``url`` is where it was in the end."""

    url: str
    content_type: str | None
    fetched_at: datetime
    body: bytes


@dataclass(frozen=True)
class SourceCheck:
    """What one page of a source gave.

    Attributes:
        result: None when the crawl process failed before it asked for the page.
        followed: pages of the first ads that it lists, where it shows none itself.
    """

    name: str
    url: str
    result: FetchResult | None
    error: str | None = None
    http_status: int | None = None
    n_bytes: int = 0
    extraction: Extraction | None = None
    page: FetchedPage | None = None
    followed: tuple["SourceCheck", ...] = ()

    @property
    def is_good(self) -> bool:
        """Whether the page came, all of it could be read, and it led to something: of listed ads, to one."""
        found = self.extraction
        is_read = found is not None and found.is_complete and bool(found.ads or found.links)
        return is_read and (not self.followed or any(one.is_good for one in self.followed))

    def lines(self) -> Iterator[str]:
        """The check for people."""
        result = self.result.value if self.result else "not fetched; the log above says why"
        status = f", HTTP {self.http_status}" if self.http_status else ""
        yield f"{self.name}: {self.url}: {result}{status}, {self.n_bytes} bytes"
        if self.error:
            yield f"  error: {self.error}"
        if self.error == NO_BROWSER:
            yield f"  its pages need a browser and there is none: {WHAT_TO_DO}"
        if self.extraction is None:
            return
        found = self.extraction
        yield (
            f"  read by {found.page_object or 'no page object'}: {len(found.ads)} ads,"
            f" {len(found.links)} links, {'whole' if found.is_complete else 'NOT read wholly'}"
        )
        yield from (f"  problem: {problem}" for problem in found.problems)
        for name, n in filled_fields(found.ads).items():
            yield f"  {name}: filled in {n} of {len(found.ads)}"
        for ad in found.ads[:_SHOWN_ADS]:
            yield f"  ad {ad.external_id}: {_short(ad.title or ad.text)}"
        for one in self.followed:
            yield from one.ad_lines()

    def ad_lines(self) -> Iterator[str]:
        """The page of one ad for people: what came, and each field that was found."""
        yield from self.lines()
        for ad in self.extraction.ads[:1] if self.extraction else ():
            for name in _FIELDS:
                value = getattr(ad, name)
                yield f"    {name}: {_short(_said(value)) if value else '-'}"


def check_source(db: Database, settings: Settings, name: str) -> SourceCheck:
    """Fetch the first start address of a source under its own limits and read it.

    Where that lists ads and shows none, the first of them are fetched and read, at the same pace.

    Args:
        db: the database that knows the source; only read.
        settings: ours.
        name: the source.

    Raises:
        NotFound: no such source.
    """
    with db.read() as session:
        source = get_source(session, name)
        kind, stored = source.kind, dict(source.settings)
    return check_settings(settings, name, kind, stored, n_followed=_FOLLOWED_ADS)


def check_settings(
    settings: Settings, name: str, kind: SourceKind, stored: dict[str, Any], *, n_followed: int = 0
) -> SourceCheck:
    """The same for the settings of a source that no database knows yet.

    Args:
        settings: ours.
        name: the source.
        kind: its kind.
        stored: its settings, as a row holds them.
        n_followed: how many of the ads that the page lists are fetched, if it shows none itself.
    """
    stored["start"], stored["pictures"] = stored["start"][:1], None
    n_pages = max(1, n_followed)
    stored["limits"] = {**stored["limits"], "max_pages": n_pages, "max_depth": 0, "retry_seconds": 3600}
    with tempfile.TemporaryDirectory(prefix="saqshy-check-") as folder:
        scratch_settings = _scratch_settings(settings, Path(folder))
        scratch = Database(scratch_settings)
        try:
            upgrade_schema(scratch)
            check = _crawl(scratch, scratch_settings, name, kind, stored)[0]
            listed = _listed_ads(check, stored)[:n_followed]
            if listed:
                ads = {**stored, "start": listed}
                followed = _crawl(scratch, scratch_settings, f"{name}: ad", kind, ads)
                check = replace(check, followed=tuple(followed))
            return check
        finally:
            scratch.close()


def _scratch_settings(settings: Settings, folder: Path) -> Settings:
    return load_settings(
        data_dir=folder,
        database_url=None,
        user_agent=settings.user_agent,
        chromium=settings.chromium,
        hh_token=settings.hh_token,
        vk_token=settings.vk_token,
        loopback_allow=settings.loopback_allow,
        host_overrides=settings.host_overrides,
        log_format=settings.log_format,
        log_level="warning",  # that the scratch run began and ended is nothing to say
    )


def _listed_ads(check: SourceCheck, stored: dict[str, Any]) -> list[str]:
    """Addresses of ads that a page lists and a crawl would follow; none of a page that shows ads itself."""
    found = check.extraction
    if found is None or found.ads:
        return []
    config = SourceConfig.model_validate(stored)
    return [link.url for link in found.links if link.kind is RequestKind.AD and config.is_followed(link.url)]


def _crawl(
    scratch: Database, settings: Settings, name: str, kind: SourceKind, stored: dict[str, Any]
) -> list[SourceCheck]:
    """Fetch the start addresses and read what came, in their order."""
    now = utc_now()
    with scratch.write() as session:
        source = Source(
            name=name,
            kind=kind,
            title=name,
            settings=stored,
            settings_sha256="",
            is_enabled=True,
            created_at=now,
        )
        session.add(source)
        session.flush()
        run_id = add_run(session, source.id, RunKind.MANUAL, now).id
    run_due_crawl(scratch, settings, now=now)
    store = BlobStore(settings.evidence_dir)
    return [_read_check(scratch, store, run_id, name, url) for url in stored["start"]]


def _read_check(scratch: Database, store: BlobStore, run_id: int, name: str, url: str) -> SourceCheck:
    with scratch.read() as session:
        request = session.scalars(
            select(FrontierRequest).where(
                FrontierRequest.crawl_run_id == run_id, FrontierRequest.url_sha256 == url_sha256(url)
            )
        ).first()
        error = session.get_one(CrawlRun, run_id).error
        found = session.execute(
            select(Page, Evidence)
            .join(Evidence, Page.evidence_id == Evidence.id)
            .where(Page.crawl_run_id == run_id, Page.url_sha256 == url_sha256(url))
        ).first()
    if request is None:
        return SourceCheck(name, url, None, error)
    if found is None:
        return SourceCheck(name, url, request.result, request.error)
    page, evidence = found
    body = body_of(store.get(evidence.sha256), evidence)
    extraction = None
    if page.result is FetchResult.PAGE:
        with ParserChild() as parser:
            extraction = parser.extract(
                body,
                url=page.final_url,
                content_type=page.content_type,
                page_object=page.page_object,
                fetched_at=page.fetched_at,
            )
    kept = FetchedPage(page.final_url, page.content_type, page.fetched_at, body)
    return SourceCheck(name, url, page.result, request.error, page.http_status, len(body), extraction, kept)


def filled_fields(ads: tuple[AdItem, ...]) -> dict[str, int]:
    """How many ads fill each field; what none fills is what to look at first."""
    return {name: sum(bool(getattr(ad, name)) for ad in ads) for name in _FIELDS} if ads else {}


def _said(value: object) -> str:
    """A field's value as people write it; of contacts and pictures all."""
    if isinstance(value, tuple):
        return ", ".join(one.value if isinstance(one, ContactItem) else str(one) for one in value)
    return str(value)


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN_CHARACTERS else line[: _SHOWN_CHARACTERS - 1] + "…"
