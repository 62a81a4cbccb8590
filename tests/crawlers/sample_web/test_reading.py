"""The page objects read the sample web whole: what was written is what comes out."""

from datetime import UTC, datetime

import pytest

from crawlers.extraction import extract_page
from crawlers.items import AdItem, Extraction
from crawlers.pages.registry import page_object_for
from crawlers.sample_web.ads import Damage, Host, SampleAd, in_edition, load_ads
from crawlers.sample_web.site import Question
from crawlers.sample_web.sites import all_sites
from models.enums import RequestKind
from tests.crawlers.sample_web.client import listing_paths

SITES = all_sites()
HINTS = {
    Host.BARAHOLKA: "baraholka_listing",
    Host.JUMYS: "job_listing",
    Host.KANAL: "telegram_channel",
    Host.HABAR: "feed",
}
FETCHED_AT = datetime(2026, 11, 21, tzinfo=UTC)


def read(host: Host, target: str, kind: RequestKind, edition: int = 1) -> Extraction:
    path, _, query = target.partition("?")
    pairs = dict(pair.split("=") for pair in query.split("&") if pair)
    answer = SITES[host].answer(Question(path, pairs, f"http://{host}"), edition)
    url = f"http://{host}{target}"
    return extract_page(
        answer.body,
        url=url,
        content_type=answer.content_type,
        page_object=page_object_for(url, kind, HINTS[host]),
        fetched_at=FETCHED_AT,
    )


def words(text: str | None) -> list[str]:
    return (text or "").split()


def assert_is(found: AdItem, ad: SampleAd) -> None:
    assert words(found.text) == words(ad.text)
    assert words(found.title) == words(ad.title)
    assert found.published_at == ad.published_at
    assert str(ad.number) in found.external_id


@pytest.mark.parametrize("edition", [1, 2])
@pytest.mark.parametrize("host", [Host.BARAHOLKA, Host.JUMYS])
def test_an_ad_page_gives_the_ad(host: Host, edition: int) -> None:
    for ad in in_edition(load_ads(host), edition):
        if ad.damage:
            continue
        extraction = read(host, SITES[host].ad_path(ad), RequestKind.AD, edition)
        assert extraction.is_complete, ad.key
        [found] = extraction.ads
        assert_is(found, ad)


def test_the_lists_lead_to_every_ad_page() -> None:
    for host in (Host.BARAHOLKA, Host.JUMYS):
        links = {
            link.url
            for target in listing_paths(host)
            for link in read(host, target, RequestKind.LISTING).links
            if link.kind is RequestKind.AD
        }
        wanted = {f"http://{host}{SITES[host].ad_path(ad)}" for ad in in_edition(load_ads(host), 1)}
        assert wanted <= links


def test_a_channel_gives_its_messages_and_no_service_lines() -> None:
    found = {
        item.external_id: item
        for target in listing_paths(Host.KANAL)
        for item in read(Host.KANAL, target, RequestKind.LISTING).ads
    }
    messages = [ad for ad in in_edition(load_ads(Host.KANAL), 1) if not ad.is_service]
    assert len(found) == len(messages)
    for ad in messages:
        [item] = [item for name, item in found.items() if name.endswith(f"{ad.section}/{ad.number}")]
        assert_is(item, ad)


def test_the_feed_gives_its_notices() -> None:
    extraction = read(Host.HABAR, "/feed.xml", RequestKind.START)
    assert extraction.is_complete
    ads = in_edition(load_ads(Host.HABAR), 1)
    assert len(extraction.ads) == len(ads)
    for item, ad in zip(extraction.ads, ads, strict=True):
        assert_is(item, ad)


@pytest.mark.parametrize("kind", list(Damage))
def test_a_damaged_page_is_never_complete(kind: Damage) -> None:
    ad = next(ad for ad in load_ads(Host.BARAHOLKA) if ad.damage is kind)
    extraction = read(Host.BARAHOLKA, SITES[ad.host].ad_path(ad), RequestKind.AD)
    assert not extraction.is_complete
    assert extraction.problems
