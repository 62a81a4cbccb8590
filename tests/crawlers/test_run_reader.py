"""Pages that wait for their reader: all it needs stands in rows, whoever reads them and whenever."""

from sqlalchemy import update

from crawlers.reextracting import lease_unparsed
from crawlers.stored_page import StoredPage
from models.blobs import BlobStore
from models.crawl import Page
from models.enums import ParseState
from models.worker import utc_now
from tests.crawlers.conftest import CrawlBench, channel_page
from tests.servers.site import Reply


def _left_unread(bench: CrawlBench, run_id: int) -> list[StoredPage]:
    """The run's pages, as a reader finds them that another died over."""
    with bench.db.write() as session:
        session.execute(update(Page).values(parse_state=ParseState.PENDING))
    store = BlobStore(bench.settings.evidence_dir)
    return lease_unparsed(bench.db, store.get, run_id=run_id, now=utc_now(), seconds=60)


def test_a_page_left_unread_keeps_its_depth(bench: CrawlBench) -> None:
    bench.site.routes["/"] = Reply(channel_page({2: "Второе"}, older=1))
    bench.site.routes["/?before=1"] = Reply(channel_page({1: "Первое"}))
    pages = [{"match": ".", "page_object": "telegram_channel"}]
    run = bench.crawl(bench.add_source(pages=pages, limits={"max_depth": 1}))
    assert [page.depth for page in _left_unread(bench, run.id)] == [0, 1]
    with bench.db.write() as session:
        session.execute(update(Page).values(lease_token=None, lease_expires_at=None))
    assert {page.page_object for page in _left_unread(bench, run.id)} == {"telegram_channel"}


def test_a_page_that_is_still_the_same_is_read_as_of_the_day_of_its_bytes(bench: CrawlBench) -> None:
    fresh = Reply(channel_page({1: "Текст"}), headers={"ETag": '"v1"'})
    same = Reply(status=304, headers={"ETag": '"v1"'})
    bench.site.routes["/"] = lambda _host, headers: same if headers.get("If-None-Match") else fresh
    source_id = bench.add_source()
    bench.crawl(source_id)
    run = bench.crawl(source_id)
    first, second = bench.pages()
    (again,) = _left_unread(bench, run.id)
    assert again.page_id == second.id
    assert (again.captured_at, again.seen_at) == (first.fetched_at, second.fetched_at)
