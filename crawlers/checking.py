"""`saqshy sources check`: fetch one page as a crawl would and show what is extracted; nothing is kept.

The page goes the whole way of a crawl, in a scratch folder with a database of
its own: what the check shows is what a crawl would store.
"""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select

from crawlers.browser_fetch.missing import NO_BROWSER, WHAT_TO_DO
from crawlers.evidence.payload import body_of
from crawlers.items import AdItem, Extraction
from crawlers.jobs import run_due_crawl
from crawlers.sandbox import ParserChild
from crawlers.sources_config import get_source
from models.blobs import BlobStore
from models.config import Settings, load_settings
from models.crawl import CrawlRun, FrontierRequest, Page, Source
from models.enums import FetchResult, RunKind, SourceKind
from models.evidence import Evidence
from models.runs import add_run
from models.schema import upgrade_schema
from models.session import Database
from models.worker import utc_now

_SHOWN_ADS = 3
_SHOWN_CHARACTERS = 80


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
    """

    name: str
    url: str
    result: FetchResult | None
    error: str | None = None
    http_status: int | None = None
    n_bytes: int = 0
    extraction: Extraction | None = None
    page: FetchedPage | None = None

    @property
    def is_good(self) -> bool:
        """Whether the page came, all of it could be read, and it led to something."""
        found = self.extraction
        return found is not None and found.is_complete and bool(found.ads or found.links)

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


def check_source(db: Database, settings: Settings, name: str) -> SourceCheck:
    """Fetch the first start address of a source under its own limits and read it.

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
    return check_settings(settings, name, kind, stored)


def check_settings(settings: Settings, name: str, kind: SourceKind, stored: dict[str, Any]) -> SourceCheck:
    """The same for the settings of a source that no database knows yet.

    Args:
        settings: ours.
        name: the source.
        kind: its kind.
        stored: its settings, as a row holds them.
    """
    stored["start"], stored["pictures"] = stored["start"][:1], None
    stored["limits"] = {**stored["limits"], "max_pages": 1, "max_depth": 0, "retry_seconds": 3600}
    with tempfile.TemporaryDirectory(prefix="saqshy-check-") as folder:
        scratch_settings = _scratch_settings(settings, Path(folder))
        scratch = Database(scratch_settings)
        try:
            upgrade_schema(scratch)
            _add_run(scratch, name, kind, stored)
            run_due_crawl(scratch, scratch_settings, now=utc_now())
            return _read_check(scratch, BlobStore(scratch_settings.evidence_dir), name, stored["start"][0])
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
        log_level=settings.log_level,
    )


def _add_run(scratch: Database, name: str, kind: SourceKind, stored: dict[str, Any]) -> None:
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
        add_run(session, source.id, RunKind.MANUAL, now)


def _read_check(scratch: Database, store: BlobStore, name: str, url: str) -> SourceCheck:
    with scratch.read() as session:
        request = session.scalars(select(FrontierRequest)).first()
        error = session.scalars(select(CrawlRun.error)).first()
        found = session.execute(
            select(Page, Evidence).join(Evidence, Page.evidence_id == Evidence.id)
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
    names = ("title", "text", "author", "contacts", "region", "price_amount", "published_at", "pictures")
    return {name: sum(bool(getattr(ad, name)) for ad in ads) for name in names} if ads else {}


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN_CHARACTERS else line[: _SHOWN_CHARACTERS - 1] + "…"
