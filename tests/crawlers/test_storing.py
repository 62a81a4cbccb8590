"""Ads into rows: a version for each real change and for nothing else."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from crawlers.items import AdItem, AdKind, ContactItem
from crawlers.storing import AdRefused, Sighting, check_ad, content_sha256, mark_gone, store_ads
from models.ad import Ad, AdVersion, Contact
from models.crawl import Page, Source
from models.enums import AdState, ContactKind, FetchResult, GoneReason, SourceKind
from models.session import Database

ITEM = AdItem(
    external_id="a1",
    url="https://ads.example/1",
    title="Сиделка",
    text="Требуется сиделка",
    contacts=(ContactItem(ContactKind.PHONE, "+77010000000"),),
    price_amount=Decimal("1000"),
    price_currency="KZT",
    kind=AdKind.CLASSIFIED,
)


@pytest.fixture
def session(database: Database, now: datetime) -> Iterator[Session]:
    with database.write() as session:
        source = Source(
            name="s", kind=SourceKind.CLASSIFIEDS, title="s", settings={}, settings_sha256="", created_at=now
        )
        session.add(source)
        session.flush()
        session.add(
            Page(
                source_id=source.id,
                url="https://ads.example/",
                url_sha256="0" * 64,
                final_url="https://ads.example/",
                fetched_at=now,
                headers={},
                result=FetchResult.PAGE,
            )
        )
        session.flush()
        yield session


def _see(session: Session, item: AdItem, at: datetime, *, is_incomplete: bool = False) -> Ad:
    source_id, page_id = session.scalars(select(Source.id)).one(), session.scalars(select(Page.id)).one()
    checked, _ = check_ad(item)
    store_ads(session, source_id, [Sighting(page_id, checked, at, is_incomplete)])
    session.expire_all()
    return session.scalars(select(Ad).where(Ad.external_id == item.external_id)).one()


def _numbers(session: Session) -> list[int]:
    return list(session.scalars(select(AdVersion.number).order_by(AdVersion.id)))


def test_what_the_page_says_beside_the_text_is_stored(session: Session, now: datetime) -> None:
    item = replace(ITEM, author="Айгүл", region="Алматы", price_period="month", forwarded_from="Канал")
    version = _see(session, item, now).current_version
    assert version is not None
    assert (version.author, version.region, version.forwarded_from) == ("Айгүл", "Алматы", "Канал")
    assert (version.price_amount, version.price_currency, version.price_period) == (
        Decimal("1000.00"), "KZT", "month",
    )  # fmt: skip


def test_views_move_without_a_version_and_pictures_stay_as_first_seen(
    session: Session, now: datetime
) -> None:
    _see(session, replace(ITEM, n_views=10, is_edited=True, pictures=("https://cdn.example/1",)), now)
    ad = _see(
        session, replace(ITEM, n_views=12, pictures=("https://cdn.example/2",)), now + timedelta(hours=1)
    )
    assert _numbers(session) == [1]
    assert ad.n_views == 12
    assert ad.current_version is not None
    assert (ad.current_version.pictures, ad.current_version.is_edited) == (["https://cdn.example/1"], True)
    assert _see(session, replace(ITEM, n_views=2**60), now + timedelta(hours=2)).n_views == 12


def test_another_period_of_the_same_amount_is_another_version(session: Session, now: datetime) -> None:
    _see(session, replace(ITEM, price_period="month"), now)
    ad = _see(session, replace(ITEM, price_period="hour"), now + timedelta(hours=1))
    assert ad.current_version is not None
    assert (ad.current_version.number, ad.current_version.price_period) == (2, "hour")


def test_the_same_again_moves_last_seen_only(session: Session, now: datetime) -> None:
    ad = _see(session, ITEM, now)
    revision = ad.revision
    later = now + timedelta(hours=1)
    ad = _see(session, replace(ITEM, text="  Требуется\u00a0сиделка \n"), later)  # only white space differs
    assert (ad.last_seen_at, ad.first_seen_at, ad.revision) == (later, now, revision)
    assert _numbers(session) == [1]


@pytest.mark.parametrize(
    "change",
    [
        {"text": "Требуется няня"},
        {"title": "Няня"},
        {"price_amount": Decimal("1000.01")},
        {"contacts": ()},
    ],
)
def test_a_real_change_is_a_version_and_the_search_document_is_behind(
    session: Session, now: datetime, change: dict[str, object]
) -> None:
    revision = _see(session, ITEM, now).revision
    ad = _see(session, replace(ITEM, **change), now + timedelta(hours=1))
    assert _numbers(session) == [1, 2]
    assert ad.current_version is not None
    assert (ad.current_version.number, ad.is_index_behind) == (2, True)
    assert ad.revision > revision


def test_a_text_that_comes_back_is_current_without_a_new_version(session: Session, now: datetime) -> None:
    for hour, text in enumerate(("A", "B", "A")):
        ad = _see(session, replace(ITEM, text=text), now + timedelta(hours=hour))
    assert _numbers(session) == [1, 2]
    assert ad.current_version is not None
    assert ad.current_version.text == "A"


def test_an_older_capture_never_becomes_the_present_text(session: Session, now: datetime) -> None:
    _see(session, ITEM, now)
    ad = _see(session, replace(ITEM, text="Старый текст"), now - timedelta(days=1))
    assert ad.current_version is not None
    assert ad.current_version.text == ITEM.text
    assert (ad.first_seen_at, ad.last_seen_at) == (now - timedelta(days=1), now)


def test_a_whole_text_supersedes_one_that_was_read_in_part(session: Session, now: datetime) -> None:
    ad = _see(session, ITEM, now, is_incomplete=True)
    assert ad.current_version is not None
    assert ad.current_version.is_parse_incomplete
    ad = _see(session, ITEM, now + timedelta(hours=1))
    assert ad.current_version is not None
    assert not ad.current_version.is_parse_incomplete


def test_gone_is_dated_and_ends_when_the_ad_is_seen_again(session: Session, now: datetime) -> None:
    ad = _see(session, ITEM, now)
    assert mark_gone(session, ad.source_id, {ITEM.url: GoneReason.REMOVED}, now=now) == 1
    assert mark_gone(session, ad.source_id, {ITEM.url: GoneReason.REMOVED}, now=now) == 0
    session.expire_all()
    assert (ad.state, ad.gone_at) == (AdState.GONE, now)
    ad = _see(session, ITEM, now + timedelta(days=1))
    assert (ad.state, ad.gone_at) == (AdState.LIVE, None)


def test_contacts_are_rows_once(session: Session, now: datetime) -> None:
    _see(session, replace(ITEM, contacts=ITEM.contacts * 2), now)
    assert list(session.scalars(select(Contact.value))) == ["+77010000000"]


def test_the_same_ad_twice_on_one_page_is_one_ad(session: Session, now: datetime) -> None:
    source_id, page_id = session.scalars(select(Source.id)).one(), session.scalars(select(Page.id)).one()
    stored = store_ads(session, source_id, [Sighting(page_id, ITEM, now), Sighting(page_id, ITEM, now)])
    assert (stored.n_new_ads, len(stored.new_version_ids), stored.n_unchanged) == (1, 1, 1)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"external_id": ""}, "bad_external_id"),
        ({"external_id": "x" * 513}, "bad_external_id"),
        ({"url": "javascript:alert(1)"}, "bad_url"),
        ({"text": "x" * 1_000_001}, "text_too_long"),
    ],
)
def test_what_cannot_be_an_ad_is_refused_by_name(change: dict[str, str], reason: str) -> None:
    with pytest.raises(AdRefused) as caught:
        check_ad(replace(ITEM, **change))
    assert caught.value.reason == reason


def test_fields_that_no_column_takes_are_left_out_and_noted() -> None:
    wild = replace(
        ITEM,
        price_amount=Decimal("1e30"),
        price_currency="KZT",
        published_at=datetime(9999, 1, 1, tzinfo=UTC),
        contacts=(ContactItem(ContactKind.LINK, "x" * 600),),
    )
    checked, notes = check_ad(wild)
    assert (checked.price_amount, checked.published_at, checked.contacts) == (None, None, ())
    assert notes == ("price_out_of_range", "published_at_out_of_range")


def test_the_hash_covers_what_makes_a_version() -> None:
    assert content_sha256(ITEM) == content_sha256(replace(ITEM, author="Другой", region="Алматы"))
    assert content_sha256(ITEM) != content_sha256(ITEM, is_incomplete=True)
    # People sign for a text at an address: the same words elsewhere are another version.
    assert content_sha256(ITEM) != content_sha256(replace(ITEM, url="https://a.example/innocent"))
