"""A crawl of a loopback site, driven as the worker drives it: one process per crawl."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from crawlers.jobs import run_due_crawl
from crawlers.sources_config import SourceConfig
from models.ad import Ad, AdVersion
from models.config import Settings, load_settings
from models.crawl import CrawlRun, FrontierRequest, Page, Source
from models.enums import FetchResult, RequestState
from models.runs import start_manual_run
from models.session import Database
from models.worker import utc_now
from tests.conftest import open_database
from tests.servers.site import Site

SITE_HOST = "ads.example"


@dataclass
class CrawlBench:
    """A site, an installation whose names lead to it, and the database to look into."""

    site: Site
    settings: Settings
    db: Database
    names: list[str] = field(default_factory=list)

    def add_source(self, name: str = "test_source", **fields: Any) -> int:
        """Add an enabled source; without a delay unless asked for."""
        limits = {"delay_seconds": 0, "retry_seconds": 0, **fields.pop("limits", {})}
        config = SourceConfig.model_validate(
            {
                "name": name,
                "kind": "classifieds",
                "title": name,
                "start": [f"http://{SITE_HOST}/"],
                "schedule": {"every_minutes": 60},
                "limits": limits,
                **fields,
            }
        )
        with self.db.write() as session:
            source = Source(
                name=name,
                kind=config.kind,
                title=name,
                settings=config.model_dump(mode="json"),
                settings_sha256="",
                is_enabled=True,
                created_at=utc_now(),
            )
            session.add(source)
            session.flush()
            return source.id

    def crawl(self, source_id: int) -> CrawlRun:
        """Run one crawl of a source to the end of its process and give the run's row."""
        with self.db.write() as session:
            run_id = start_manual_run(session, session.get_one(Source, source_id), utc_now()).id
        run_due_crawl(self.db, self.settings, now=utc_now())
        with self.db.read() as session:
            run = session.get_one(CrawlRun, run_id)
            session.expunge(run)
            return run

    def requests(self) -> dict[str, tuple[RequestState, FetchResult | None, str | None]]:
        """State, result and error of every request, by address."""
        with self.db.read() as session:
            rows = session.scalars(select(FrontierRequest).order_by(FrontierRequest.id))
            return {row.url: (row.state, row.result, row.error) for row in rows}

    def ads(self) -> dict[str, AdVersion]:
        """Present version of every ad, by the site's own id."""
        with self.db.read() as session:
            rows = session.execute(
                select(Ad.external_id, AdVersion).join(AdVersion, Ad.current_version_id == AdVersion.id)
            )
            found = {row[0]: row[1] for row in rows}
            session.expunge_all()
            return found

    def pages(self) -> list[Page]:
        """All stored pages, oldest first."""
        with self.db.read() as session:
            pages = list(session.scalars(select(Page).order_by(Page.id)))
            session.expunge_all()
            return pages

    def count(self, model: Any) -> int:
        """Number of rows of a table."""
        with self.db.read() as session:
            return session.scalar(select(func.count()).select_from(model)) or 0


def bench_settings(data_dir: Path, site: Site, hosts: list[str], **extra: Any) -> Settings:
    """Settings whose host names lead to the site."""
    return load_settings(
        data_dir=data_dir,
        loopback_allow=(site.address,),
        host_overrides=dict.fromkeys(hosts, site.address),
        **{"lease_seconds": 5, **extra},
    )


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """An empty site."""
    with Site(tmp_path / "journal.jsonl") as site:
        yield site


@pytest.fixture
def bench(tmp_path: Path, site: Site) -> Iterator[CrawlBench]:
    """A bench on the embedded database."""
    settings = bench_settings(tmp_path / "var", site, [SITE_HOST])
    db = open_database(settings)
    yield CrawlBench(site, settings, db)
    db.close()


def channel_page(posts: dict[int, str], *, channel: str = "test", older: int | None = None) -> bytes:
    """A page in the markup of a channel preview, which many sites copy."""
    more = f'<a class="tme_messages_more" data-before="{older}" href="/?before={older}">' if older else ""
    messages = "".join(
        f'<div class="tgme_widget_message_wrap"><div class="tgme_widget_message" data-post="{channel}/{n}">'
        f'<div class="tgme_widget_message_text js-message_text">{text}</div>'
        f'<a class="tgme_widget_message_date" href="http://{SITE_HOST}/{channel}/{n}">'
        f'<time datetime="2026-11-20T10:00:00+00:00">10:00</time></a></div></div>'
        for n, text in posts.items()
    )
    return (
        f"<html><body><section class='tgme_channel_history'>{more}{messages}</section></body></html>".encode()
    )
