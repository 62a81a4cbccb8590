"""What the served pages are: well formed, closed in themselves, and silent about the judgements."""

import json
import re
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from itertools import chain

import feedparser
import pytest
from lxml import etree, html

from crawlers.sample_web.ads import Damage, Host, SampleAd, in_edition, load_ads
from crawlers.sample_web.rendering import base36, channel_markup, slugify
from crawlers.sample_web.site import Answer, Question
from crawlers.sample_web.sites import NESTED_TAGS, all_sites
from tests.crawlers.sample_web.client import listing_paths

SITES = all_sites()
BASE = "http://site.example"


def answer(host: str, target: str, edition: int = 1) -> Answer:
    path, _, query = target.partition("?")
    pairs = dict(pair.split("=") for pair in query.split("&") if pair)
    return SITES[host].answer(Question(path, pairs, BASE), edition)


def every_answer(edition: int) -> list[tuple[str, Answer]]:
    """Each page of each site that is there in ``edition``, by host and address."""
    found = []
    for host, site in SITES.items():
        own = [site.ad_path(ad) for ad in in_edition(site.ads, edition)]
        for target in chain(listing_paths(host), own):
            page = answer(host, target, edition)
            if page.status is HTTPStatus.OK:
                found.append((f"{host}{target}", page))
    return found


PAGES = [(f"{name} edition {edition}", page) for edition in (1, 2) for name, page in every_answer(edition)]
DAMAGED = {SITES[ad.host].ad_path(ad): ad.damage for ad in load_ads(Host.BARAHOLKA) if ad.damage}
WHOLE = [(name, page) for name, page in PAGES if not any(path in name for path in DAMAGED)]


def damaged(kind: Damage) -> tuple[SampleAd, Answer]:
    ad = next(ad for ad in load_ads(Host.BARAHOLKA) if ad.damage is kind)
    return ad, answer(ad.host, SITES[ad.host].ad_path(ad))


@pytest.mark.parametrize(("name", "page"), WHOLE, ids=[name for name, _ in WHOLE])
def test_a_page_is_well_formed_and_closed_in_itself(name: str, page: Answer) -> None:
    tree = etree.fromstring(page.body)  # a strict XML parser: no recovery, no unknown entity
    if tree.tag == "rss":
        return
    assert page.body.startswith(b"<!DOCTYPE html>")
    assert tree.get("lang") in {"kk", "ru"}
    assert len(tree.findall(".//h1")) == (0 if "kanal" in name else 1)
    assert tree.findtext("head/title")
    assert [s for s in tree.iter("script") if s.get("type") != "application/ld+json"] == []
    assert list(tree.iter("img", "iframe", "object", "embed", "video", "audio", "base", "form")) == []
    assert [link for link in tree.iter("link") if not link.get("href", "").startswith("/")] == []
    assert [a.get("href") for a in tree.iter("a") if not a.get("href", "").startswith("/")] == []
    assert "url(" not in page.body.decode()
    assert "@import" not in page.body.decode()


def test_no_page_tells_the_judgement() -> None:
    reasons = {ad.judgement.why for host in Host for ad in load_ads(host)}
    reasons |= {ad.change.judgement.why for host in Host for ad in load_ads(host) if ad.change}
    words = re.compile(
        r"expected|judg|purpose|exploitation|forced_|unlawful|\bflag(ged)?\b|demand", re.IGNORECASE
    )
    for name, page in PAGES:
        text = page.body.decode()
        assert words.search(text) is None, name
        assert not any(why in text for why in reasons), name


def test_pages_are_the_same_bytes_every_time() -> None:
    assert dict(every_answer(1)) == dict(every_answer(1))
    fresh = all_sites()
    for host, site in SITES.items():
        for ad in in_edition(site.ads, 2):
            asked = Question(site.ad_path(ad), {}, BASE)
            assert fresh[host].answer(asked, 2) == site.answer(asked, 2)


def test_every_ad_is_led_to_by_a_listing() -> None:
    for host, site in SITES.items():
        text = "".join(answer(host, target).body.decode() for target in listing_paths(host))
        for ad in in_edition(site.ads, 1):
            assert site.ad_path(ad) in text


@pytest.mark.parametrize("host", list(Host))
def test_an_ad_page_shows_its_text_as_written(host: Host) -> None:
    site = SITES[host]
    for ad in in_edition(site.ads, 2):
        if ad.damage:
            continue
        root = html.fromstring(answer(host, site.ad_path(ad), 2).body.decode())
        shown = re.sub(r"\s+", "", root.text_content())
        assert re.sub(r"\s+", "", ad.text) in shown, ad.key
        assert re.sub(r"\s+", "", ad.title) in shown, ad.key


def test_paging_of_the_classifieds_shows_each_ad_once() -> None:
    numbers: list[str] = []
    for page in range(1, 5):
        tree = etree.fromstring(answer(Host.BARAHOLKA, f"/obyavleniya/?page={page}").body)
        numbers += [card.get("data-id", "") for card in tree.iter("article")]
        links = {link.get("rel"): link.get("href") for link in tree.iter("link")}
        assert links.get("next") == (f"/obyavleniya/?page={page + 1}" if page < 4 else None)
    assert len(numbers) == len(set(numbers)) == len(in_edition(load_ads(Host.BARAHOLKA), 1))


@pytest.mark.parametrize(
    "target", ["/obyavleniya/?page=0", "/obyavleniya/?page=5", "/rabota/?page=x", "/rabota"]
)
def test_a_page_that_is_not_there_is_not_found(target: str) -> None:
    assert answer(Host.BARAHOLKA, target).status is HTTPStatus.NOT_FOUND


def test_a_channel_is_read_backwards_message_by_message() -> None:
    seen: list[int] = []
    target: str | None = "/s/jumys_bar_kz"
    while target:
        tree = etree.fromstring(answer(Host.KANAL, target).body)
        posts = [post.get("data-post", "") for post in tree.iter("div") if post.get("data-post")]
        numbers = [int(post.removeprefix("jumys_bar_kz/")) for post in posts]
        assert numbers == sorted(numbers), "a preview shows the oldest first"
        seen = numbers + seen
        older = tree.find(".//a[@class='tme_messages_more js-messages_more']")
        target = older.get("href") if older is not None else None
    assert seen == sorted(ad.number for ad in load_ads(Host.KANAL) if ad.section == "jumys_bar_kz")


def test_a_channel_message_has_the_marks_of_a_telegram_preview() -> None:
    page = html.fromstring(answer(Host.KANAL, "/shymkent_bazar/879", 2).body.decode())
    [message] = page.cssselect(".tgme_widget_message[data-post='shymkent_bazar/879']")
    [text] = message.cssselect(".tgme_widget_message_text.js-message_text")
    assert "10 000 за вечер" in text.text_content()
    assert [b.text for b in text.cssselect("i.emoji > b")] == ["😄"]
    [time] = message.cssselect("a.tgme_widget_message_date time[datetime]")
    assert time.get("datetime") == "2026-11-16T14:48:00+05:00"
    assert "edited" in message.cssselect(".tgme_widget_message_meta")[0].text_content()
    assert message.cssselect(".tgme_widget_message_views")[0].text == "1311"


def test_a_vacancy_carries_a_job_posting_that_says_what_the_page_says() -> None:
    for ad in in_edition(load_ads(Host.JUMYS), 1):
        page = html.fromstring(answer(Host.JUMYS, f"/vacancy/{ad.number}").body.decode())
        [block] = page.cssselect("script[type='application/ld+json']")
        posting = json.loads(block.text)
        assert posting["@type"] == "JobPosting"
        assert posting["identifier"]["value"] == str(ad.number)
        assert posting["title"] == ad.title == page.cssselect("h1")[0].text
        described = html.fromstring(f"<div>{posting['description']}</div>")
        assert [p.text for p in described] == [p.text for p in page.cssselect(".description p")]


def test_the_feed_is_a_feed() -> None:
    feed = feedparser.parse(answer(Host.HABAR, "/feed.xml").body)
    assert not feed.bozo
    ads = {f"habar-{ad.number}": ad for ad in load_ads(Host.HABAR)}
    assert {entry.id for entry in feed.entries} == set(ads)
    for entry in feed.entries:
        ad = ads[entry.id]
        assert entry.title == ad.title
        assert entry.link == f"{BASE}/item/{ad.number}"
        assert parsedate_to_datetime(entry.published) == ad.published_at
        assert html.fromstring(entry.description).text_content() == ad.text


def test_the_nested_page_is_deeper_than_parsers_go() -> None:
    ad, page = damaged(Damage.NESTED)
    assert page.body.count(b"<span>") == NESTED_TAGS
    with pytest.raises(etree.XMLSyntaxError, match="depth"):
        etree.fromstring(page.body)
    assert ad.text.split("\n")[1] in page.body.decode(), "the dangerous words are in the bytes"


def test_the_cut_page_ends_inside_a_tag() -> None:
    ad, page = damaged(Damage.CUT)
    assert page.body.endswith(b"<br")
    assert ad.text.split("\n")[-1] not in page.body.decode()


@pytest.mark.parametrize("host", list(Host))
def test_robots_close_one_path_and_the_site_means_it(host: Host) -> None:
    robots = answer(host, "/robots.txt")
    assert robots.content_type.startswith("text/plain")
    [line] = [line for line in robots.body.decode().splitlines() if line.startswith("Disallow:")]
    closed = line.removeprefix("Disallow: ")
    assert answer(host, f"{closed}1").status is HTTPStatus.FORBIDDEN
    assert any(f'href="{closed}'.encode() in page.body for name, page in PAGES if name.startswith(host))
    assert not any(SITES[host].ad_path(ad).startswith(closed) for ad in SITES[host].ads)


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Продам почку, вторая", "prodam-pochku-vtoraya"),
        ("Қыстауға малшы керек!", "kystauga-malshy-kerek"),
        ("Подъезд, объявление", "podezd-obyavlenie"),
        ("🙏🙏", "obyavlenie"),
    ],
)
def test_slugs(title: str, slug: str) -> None:
    assert slugify(title) == slug


def test_base36_counts_like_int_does() -> None:
    assert [int(base36(n), 36) for n in (0, 35, 36, 40711025)] == [0, 35, 36, 40711025]


def test_channel_markup_escapes_before_it_adds_tags() -> None:
    assert channel_markup("<b>&\n🇰🇿👍🏽") == (
        '&lt;b&gt;&amp;<br/><i class="emoji"><b>🇰🇿</b></i><i class="emoji"><b>👍🏽</b></i>'
    )


def test_the_client_knows_every_listing() -> None:
    """`listing_paths` must not fall behind the data: no further page may exist."""
    assert answer(Host.BARAHOLKA, "/obyavleniya/?page=5").status is HTTPStatus.NOT_FOUND
    assert answer(Host.JUMYS, "/vacancies?page=4").status is HTTPStatus.NOT_FOUND
