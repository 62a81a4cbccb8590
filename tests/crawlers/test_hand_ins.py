"""What people bring: typed addresses and words without one; crawled first, answered."""

from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import event, select, update

from crawlers.hand_ins import HandInDesk
from crawlers.jobs import run_due_crawl
from crawlers.reextracting import extract_pending
from crawlers.sandbox import ParserChild
from models.ad import Ad, AdVersion
from models.blobs import BlobStore
from models.config import Settings
from models.crawl import CrawlRun, FrontierRequest, Page, Source
from models.enums import (
    FetchResult,
    HandInState,
    HandInVia,
    ParseState,
    RequestState,
    RunKind,
    RunState,
    SourceKind,
)
from models.hand_in import HandIn
from models.session import Database
from models.typed_urls import address_of, split_pasted
from models.urls import BadUrl, url_sha256
from models.worker import utc_now
from tests.conftest import open_database
from tests.crawlers.conftest import SITE_HOST, CrawlBench, bench_settings, channel_page
from tests.factories import make_user
from tests.servers.site import Reply, Site

OTHER = "unknown.example"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("https://a.kz/1", "https://a.kz/1"),
        ("  a.kz/1?utm_source=x&b=2 ", "https://a.kz/1?b=2"),
        ("«a.kz».", "https://a.kz/"),
        ("@rabota_kz", "https://t.me/s/rabota_kz"),
        ("t.me/rabota_kz", "https://t.me/s/rabota_kz"),
        ("https://t.me/rabota_kz/55", "https://t.me/s/rabota_kz/55"),
        ("a.kz:8080/x", "https://a.kz:8080/x"),
    ],
)
def test_addresses_as_people_write_them(typed: str, meant: str) -> None:
    assert address_of(typed) == meant


@pytest.mark.parametrize(
    "typed",
    ["", "olx", "javascript:alert(1)", "file:///etc/passwd", "ftp://a.kz/", "http://u:p@a.kz/", "а б"],
)
def test_what_is_no_address_is_refused(typed: str) -> None:
    with pytest.raises(BadUrl):
        address_of(typed)


def test_a_pasted_list_is_split() -> None:
    assert split_pasted("a.kz/1\nb.kz/2, a.kz/1;\n\n(c.kz)") == ["a.kz/1", "b.kz/2", "c.kz"]


def _hand_in(db: Database, url: str | None = None, words: str | None = None) -> int:
    with db.write() as session:
        user = session.scalars(select(HandIn.handed_in_by_id)).first() or make_user(session).id
        row = HandIn(
            handed_in_by_id=user,
            handed_in_at=utc_now(),
            via=HandInVia.TYPED,
            typed=url or "",
            url=url,
            url_sha256=url_sha256(url) if url else None,
            words=words,
        )
        session.add(row)
        session.flush()
        return row.id


def _row(db: Database, number: int) -> HandIn:
    with db.read() as session:
        return session.get_one(HandIn, number)


@pytest.fixture
def wide(tmp_path: Path, site: Site) -> CrawlBench:
    settings = bench_settings(tmp_path / "var", site, [SITE_HOST, OTHER])
    return CrawlBench(site, settings, open_database(settings))


def test_handed_in_goes_first_and_is_answered(wide: CrawlBench) -> None:
    wide.site.routes[SITE_HOST, "/"] = Reply(channel_page({1: "Обычный обход"}))
    wide.site.routes[SITE_HOST, "/post"] = Reply(channel_page({7: "По звонку", 8: "Ещё"}))
    wide.site.routes[OTHER, "/x"] = Reply(channel_page({9: "Чужой сайт"}, channel="other"))
    source_id = wide.add_source()
    desk = HandInDesk(wide.db, BlobStore(wide.settings.evidence_dir))
    known = _hand_in(wide.db, f"http://{SITE_HOST}/post")
    unknown = _hand_in(wide.db, f"http://{OTHER}/x")
    missing = _hand_in(wide.db, f"http://{SITE_HOST}/nothing")
    assert desk.take(utc_now()).n_done == 3
    assert desk.take(utc_now()).n_done == 0
    with wide.db.read() as session:
        runs = session.scalars(select(CrawlRun).order_by(CrawlRun.id)).all()
        assert [run.kind for run in runs] == [RunKind.HANDED_IN] * 2
        assert runs[0].source_id == source_id
    for _ in runs:
        run_due_crawl(wide.db, wide.settings, now=utc_now())
    assert "/" not in wide.site.paths()  # one page, no links, no start addresses
    desk.take(utc_now())
    answers = {number: _row(wide.db, number) for number in (known, unknown, missing)}
    assert {row.state for row in answers.values()} == {HandInState.ANSWERED}
    assert [answers[n].result for n in (known, unknown, missing)] == [
        FetchResult.PAGE,
        FetchResult.PAGE,
        FetchResult.GONE,
    ]
    assert set(wide.ads()) == {"test/7", "test/8", "other/9"}
    with wide.db.read() as session:
        kinds = dict(
            session.execute(select(Ad.external_id, Source.kind).join(Source, Ad.source_id == Source.id)).all()
        )
    assert kinds["test/7"] is SourceKind.CLASSIFIEDS
    assert kinds["other/9"] is SourceKind.HANDED_IN
    wide.db.close()


def test_an_address_of_a_source_that_is_off_waits_and_says_why(wide: CrawlBench) -> None:
    source_id = wide.add_source()
    desk = HandInDesk(wide.db, BlobStore(wide.settings.evidence_dir))
    with wide.db.write() as session:
        session.get_one(Source, source_id).is_enabled = False
    number = _hand_in(wide.db, f"http://{SITE_HOST}/post")
    assert desk.take(utc_now()).n_done == 0
    assert (_row(wide.db, number).state, _row(wide.db, number).why) == (HandInState.WAITING, "source_off")
    assert wide.count(FrontierRequest) == 0
    with wide.db.write() as session:
        session.get_one(Source, source_id).is_enabled = True
    assert desk.take(utc_now()).n_done == 1
    wide.db.close()


def test_many_that_wait_for_a_source_stand_in_nobodys_way(wide: CrawlBench) -> None:
    source_id = wide.add_source()
    with wide.db.write() as session:
        session.get_one(Source, source_id).is_enabled = False
    for n in range(201):
        _hand_in(wide.db, f"http://{SITE_HOST}/{n}")
    number = _hand_in(wide.db, f"http://{OTHER}/x")
    assert HandInDesk(wide.db, BlobStore(wide.settings.evidence_dir)).take(utc_now()).n_done == 1
    assert _row(wide.db, number).state is HandInState.UNDERWAY
    wide.db.close()


def test_words_without_an_address_are_read_like_an_ad(settings: Settings, now: datetime) -> None:
    db = open_database(settings)
    store = BlobStore(settings.evidence_dir)
    desk = HandInDesk(db, store)
    number = _hand_in(db, words="Позвонила женщина: предлагают работу в Дубае, паспорт забирают")
    assert desk.take(now).n_done == 1
    assert desk.take(now).n_done == 0
    with ParserChild() as parser:
        extract_pending(db, store, parser, now=now, lease_seconds=60)
    with db.read() as session:
        version = session.scalars(select(AdVersion)).one()
        assert "паспорт забирают" in version.text
        row = session.get_one(HandIn, number)
        assert (row.state, row.page_id) == (HandInState.ANSWERED, version.page_id)
        assert session.scalars(select(Page)).one().source.kind is SourceKind.HANDED_IN
    db.close()


def test_nothing_is_written_while_nothing_is_new(wide: CrawlBench) -> None:
    source_id = wide.add_source()
    with wide.db.write() as session:
        session.get_one(Source, source_id).is_enabled = False
    numbers = [_hand_in(wide.db, f"http://{SITE_HOST}/{n}") for n in range(300)]
    desk = HandInDesk(wide.db, BlobStore(wide.settings.evidence_dir))
    desk.take(utc_now())
    statements: list[str] = []
    event.listen(wide.db.engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    desk.take(utc_now())
    assert "BEGIN IMMEDIATE" not in statements
    assert len(statements) == 5  # one reading: its beginning, and a look at each thing that may be new
    for change in ({"is_enabled": True, "paused_at": utc_now()}, {"paused_at": None}):
        assert {_row(wide.db, number).state for number in numbers} == {HandInState.WAITING}
        with wide.db.write() as session:
            for name, value in change.items():
                setattr(session.get_one(Source, source_id), name, value)
        desk.take(utc_now())
    assert {_row(wide.db, number).state for number in numbers} == {HandInState.UNDERWAY}
    wide.db.close()


def test_pages_that_are_not_read_yet_keep_no_answer_back(wide: CrawlBench) -> None:
    wide.site.routes[OTHER, "/x"] = Reply(channel_page({9: "Текст"}, channel="other"))
    source_id = wide.add_source()
    desk = HandInDesk(wide.db, BlobStore(wide.settings.evidence_dir))
    unread = [_hand_in(wide.db, f"http://{SITE_HOST}/{n}") for n in range(201)]
    desk.take(utc_now())
    with wide.db.write() as session:  # as if all of them were fetched and the reader were behind
        for request in session.scalars(select(FrontierRequest)):
            page = _pending_page(source_id, request)
            session.add(page)
            session.flush()
            request.state, request.result, request.page_id = RequestState.DONE, FetchResult.PAGE, page.id
        session.execute(update(CrawlRun).values(state=RunState.DONE))
    number = _hand_in(wide.db, f"http://{OTHER}/x")
    desk.take(utc_now())
    run_due_crawl(wide.db, wide.settings, now=utc_now())
    desk.take(utc_now())
    assert _row(wide.db, number).state is HandInState.ANSWERED
    assert {_row(wide.db, n).state for n in unread} == {HandInState.UNDERWAY}
    wide.db.close()


def _pending_page(source_id: int, request: FrontierRequest) -> Page:
    return Page(
        source_id=source_id,
        crawl_run_id=request.crawl_run_id,
        url=request.url,
        url_sha256=request.url_sha256,
        final_url=request.url,
        fetched_at=utc_now(),
        headers={},
        result=FetchResult.PAGE,
        parse_state=ParseState.PENDING,
    )
