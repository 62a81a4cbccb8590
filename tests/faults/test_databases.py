"""PostgreSQL goes away in the middle of work and comes back."""

from pathlib import Path

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from crawlers import reading, storing
from crawlers.reextracting import extract_pending
from crawlers.sandbox import ParserChild
from models.blobs import BlobStore
from models.crawl import Page
from models.enums import ParseState
from models.session import Database
from models.worker import utc_now
from tests.conftest import new_postgres_database, open_database
from tests.crawlers.conftest import SITE_HOST, CrawlBench, bench_settings
from tests.crawlers.test_kill import _route_chain
from tests.servers.postgres import RunningPostgres
from tests.servers.site import Site


def _unread(db: Database) -> int:
    with db.read() as session:
        return session.scalar(select(func.count()).where(Page.parse_state == ParseState.PENDING)) or 0


@pytest.mark.postgres
def test_f3_pages_that_were_read_while_the_server_was_away_are_read_again(
    tmp_path: Path, site: Site, postgres_server: RunningPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection is cut between reading pages and storing what they say; the server is back at once."""
    settings = bench_settings(
        tmp_path / "var", site, [SITE_HOST], database_url=new_postgres_database(postgres_server)
    )
    bench = CrawlBench(site, settings, open_database(settings))
    _route_chain(site)
    bench.crawl(bench.add_source(limits={"max_depth": 0}))
    with bench.db.write() as session:
        session.execute(text("UPDATE page SET parse_state = 'pending'"))
        session.execute(text("UPDATE crawl_run SET state = 'done'"))
    store_ads, n_cut = storing.store_ads, list[int]()

    def cut(session, *args, **kwargs):  # type: ignore[no-untyped-def]
        if len(n_cut) < 2:  # once for the batch, once for its first page alone
            n_cut.append(session.scalar(text("SELECT pg_backend_pid()")))
            with bench.db.read() as other:
                other.execute(text(f"SELECT pg_terminate_backend({n_cut[-1]})"))
        return store_ads(session, *args, **kwargs)

    monkeypatch.setattr(reading, "store_ads", cut)
    store = BlobStore(settings.evidence_dir)
    with ParserChild() as parser:
        for _ in range(2):
            with pytest.raises(DBAPIError):
                extract_pending(bench.db, store, parser, now=utc_now(), lease_seconds=0)
            assert _unread(bench.db) == 1
        extract_pending(bench.db, store, parser, now=utc_now(), lease_seconds=0)
    assert [page.parse_state for page in bench.pages()] == [ParseState.PARSED]
    bench.db.close()
