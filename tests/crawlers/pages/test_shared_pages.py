"""Page objects against real saved pages; the expected values were read off the pages by eye."""

import json
import re
from datetime import UTC, datetime
from decimal import Decimal
from html import escape
from pathlib import Path

import pytest

from crawlers.extraction import extract_page
from crawlers.items import AdItem, AdKind, Extraction, LinkItem
from models.enums import RequestKind

FETCHED_AT = datetime(2026, 11, 21, tzinfo=UTC)


def read(folder: Path, name: str, url: str, page_object: str | None = None) -> Extraction:
    body = (folder / "fixtures" / name).read_bytes()
    return extract_page(body, url=url, page_object=page_object, fetched_at=FETCHED_AT)


def only(extraction: Extraction) -> AdItem:
    assert len(extraction.ads) == 1
    return extraction.ads[0]


@pytest.fixture(scope="module")
def listing(shared_dir: Path) -> Extraction:
    url = "https://www.olx.pl/nieruchomosci/mieszkania/warszawa/q-kawalerka/"
    return read(shared_dir, "olx/olx_search_pl_2026.html", url, "olx_listing")


class TestOlxListing:
    def test_it_is_read_whole(self, listing: Extraction) -> None:
        assert (listing.page_object, listing.is_complete, listing.problems) == ("olx_listing", True, ())

    def test_it_has_its_51_ads_each_once(self, listing: Extraction) -> None:
        assert len(listing.ads) == 51
        assert len({ad.external_id for ad in listing.ads}) == 51
        assert {ad.kind for ad in listing.ads} == {AdKind.CLASSIFIED}
        assert {ad.price_currency for ad in listing.ads} == {"PLN"}

    def test_every_card_of_the_markup_is_among_them(self, listing: Extraction, shared_dir: Path) -> None:
        html = (shared_dir / "fixtures/olx/olx_search_pl_2026.html").read_text()
        cards = re.findall(r'data-cy="l-card"[^>]*\bid="(\d+)"|\bid="(\d+)"[^>]*data-cy="l-card"', html)
        assert {first or second for first, second in cards} <= {ad.external_id for ad in listing.ads}
        assert len(cards) >= 40

    def test_its_first_ad(self, listing: Extraction) -> None:
        ad = listing.ads[0]
        assert ad.external_id == "1000552821"
        assert (
            ad.url == "https://www.olx.pl/d/oferta/studio-od-zaraz-pets-friendly-woronicza-CID3-ID15IduJ.html"
        )
        assert ad.title == "Studio | Od zaraz | Pets Friendly | Woronicza"
        assert ad.text.startswith(
            "| English below|\n\nDOSTĘPNE OD ZARAZ - bez prowizji, bez pośredników\n\n"
            "Budynek z 2023 obok Mariny Mokotów.\n"
            "Kawalerka 25,87 m2, osiedle Resi4Rent, ul. Woronicza 82. Mokotów."
        )
        assert ad.text.endswith("Krajowego Rejestru Sądowego pod numerem KRS: 000.0766653.")
        assert (ad.price_amount, ad.price_currency) == (Decimal(2750), "PLN")
        assert ad.published_at == datetime(2025, 5, 7, 9, 47, 34, tzinfo=UTC)

    def test_the_last_ad_and_the_range_of_prices(self, listing: Extraction) -> None:
        assert listing.ads[-1].title == "Przyjazna zwierzętom kawalerka Tarchomin | Pet-friendly studio"
        assert listing.ads[-1].external_id == "1051745238"
        prices = [ad.price_amount for ad in listing.ads if ad.price_amount is not None]
        assert len(prices) == 51
        assert all(500 < price < 20_000 for price in prices)

    def test_no_text_is_short_or_holds_markup(self, listing: Extraction) -> None:
        assert min(len(ad.text) for ad in listing.ads) > 100
        assert not [ad.external_id for ad in listing.ads if re.search(r"<br|&[a-z]+;|<p>", ad.text)]

    def test_it_leads_to_the_second_page(self, listing: Extraction) -> None:
        url = "https://www.olx.pl/nieruchomosci/mieszkania/warszawa/q-kawalerka/?page=2"
        assert listing.links == (LinkItem(url, RequestKind.LISTING),)


def test_olx_ad(shared_dir: Path) -> None:
    extraction = read(
        shared_dir, "olx/olx_offer_pl_2026.html", "https://www.olx.pl/d/oferta/x-CID3-ID19jUV7.html"
    )
    ad = only(extraction)
    assert (extraction.page_object, extraction.is_complete, extraction.is_gone) == ("olx_ad", True, False)
    assert (ad.external_id, ad.title, ad.author) == ("1053866955", "Małe studio. Bezpośrednio.", "Właściciel")
    assert ad.url == "https://www.olx.pl/d/oferta/male-studio-bezposrednio-CID3-ID19jUV7.html"
    assert ad.text == (
        "Bezpośrednio od właściciela oferuję studio o powierzchni około 20 m2, doskonała lokalizacja na"
        " Pradze Północ, ul. Radzymińska, blisko Koneser. Do wynajęcia od lutego.\n\nWyposażenie i cechy:\n\n"
        "- łazienka z brodzikiem\n- lodówka\n- pralka\n- balkon\n"
        "dobra komunikacja i bliskość punktów usługowych\n"
        "Warunki:\n\nczynsz 2200 zł miesięcznie + 300 zł czynsz plus prąd według zużycia\n"
        "opłaty za media według zużycia\nkaucja miesięczna\nDostępność: od już\n\n"
        "Zapraszam do kontaktu w celu obejrzenia mieszkania lub uzyskania dodatkowych informacji."
    )
    assert (ad.price_amount, ad.price_currency) == (Decimal(2200), "PLN")
    assert ad.region == "Mazowieckie, Warszawa, Praga-Północ"
    assert ad.published_at == datetime(2026, 2, 7, 14, 37, 43, tzinfo=UTC)
    assert ad.contacts == ()


class TestTelegramPair:
    """One channel, half an hour apart: the first has its birth notice only, the second one post more."""

    url = "https://t.me/s/prstnk_eprst"

    def test_the_service_message_is_no_ad(self, shared_dir: Path) -> None:
        first = read(shared_dir, "telegram/channel_prstnk_snapshot1.html", self.url)
        assert (first.page_object, first.ads, first.is_complete) == ("telegram_channel", (), True)

    def test_the_new_post_comes_once(self, shared_dir: Path) -> None:
        ad = only(read(shared_dir, "telegram/channel_prstnk_snapshot2.html", self.url))
        assert (ad.external_id, ad.url) == ("prstnk_eprst/2", "https://t.me/prstnk_eprst/2")
        assert ad.text == (
            "Как Штапаков травит цинк в Смольном\n"
            "Зашли в мастерскую офорта — сняли весь процесс: грунтовка, игла, кислота.\n#репортаж"
        )
        assert (ad.author, ad.title, ad.kind) == ("PRSTNK - [простенок]", "", AdKind.POST)
        assert ad.published_at == datetime(2026, 5, 30, 22, 25, 8, tzinfo=UTC)

    def test_an_edit_is_the_same_message_with_another_text(self, shared_dir: Path) -> None:
        body = (shared_dir / "fixtures/telegram/channel_prstnk_snapshot2.html").read_bytes()
        edited = body.replace("травит цинк".encode(), "травит медь".encode()).replace(
            b'message_meta"><a class="tgme_widget_message_date" href="https://t.me/prstnk_eprst/2">',
            b'message_meta">edited &nbsp;<a class="tgme_widget_message_date" href="https://t.me/prstnk_eprst/2">',
        )
        before, after = (only(extract_page(page, url=self.url)) for page in (body, edited))
        assert after.external_id == before.external_id
        assert after.text == before.text.replace("цинк", "медь")


AUTHOR = "tchan's test channel 👍"


@pytest.mark.parametrize(
    ("name", "number", "text", "published"),
    [
        ("audio_document", 12, "Povo hebreu", "2023-02-24T07:33:58"),
        ("audio_message", 13, "", "2023-02-24T07:34:05"),
        ("location_message_2", 83, "", "2023-02-24T11:01:22"),
        ("multimedia_message", 84, "Multiple videos and pictures", "2023-02-24T11:01:46"),
        ("photo_multiple", 14, "Multiple pics", "2023-02-24T07:34:20"),
        ("poll", 11, "Let's do a quick poll quizz mode\nOpt1\nOpt2\nOpt3", "2023-02-24T07:32:23"),
        ("sticker_message", 9, "", "2023-02-24T07:31:06"),
        (
            "text_message_link_with_right_preview",
            81,
            "link with preview https://python.org/",
            "2023-02-24T08:16:18",
        ),
        ("text_message_multiline", 62, "Bigger\ntext\nmessage\nnumber\n34", "2023-02-24T08:01:26"),
        ("text_reply_to_video", 20, "Reply to a video (not recorded in telegram)", "2023-02-24T07:38:31"),
        ("video_single_2", 19, "", "2023-02-24T07:38:13"),
    ],
)
def test_telegram_messages(shared_dir: Path, name: str, number: int, text: str, published: str) -> None:
    extraction = read(shared_dir, f"telegram/fragments_tchan/{name}.html", "https://t.me/s/tchantest")
    ad = only(extraction)
    assert (ad.external_id, ad.url) == (f"tchantest/{number}", f"https://t.me/tchantest/{number}")
    assert (ad.text, ad.author) == (text, AUTHOR)
    assert ad.published_at == datetime.fromisoformat(published + "+00:00")
    assert extraction.problems == (() if text else ("message_without_text",))


def test_telegram_signature(shared_dir: Path) -> None:
    ad = only(
        read(shared_dir, "telegram/fragments_tchan/signed_edited_text_message.html", "https://t.me/s/x")
    )
    assert ad.author == "Álvaro Justen"
    assert ad.text == "Hello! Signed and edited message"
    assert (ad.is_edited, ad.n_views) == (True, 2)


def test_telegram_pictures_and_views(shared_dir: Path) -> None:
    ad = only(read(shared_dir, "telegram/fragments_tchan/multimedia_message.html", "https://t.me/s/x"))
    assert (ad.n_views, ad.is_edited) == (436_600, False)  # "436.6K"
    assert [url[:44] for url in ad.pictures] == [
        "https://cdn1.telegram-cdn.org/file/CrsaR3dLC",
        "https://cdn1.telegram-cdn.org/file/QMvda1Z9I",
    ]


def test_telegram_video_too_big_for_the_preview(shared_dir: Path) -> None:
    ad = only(read(shared_dir, "telegram/fragments_tchan/video_big.html", "https://t.me/s/x"))
    assert (ad.external_id, ad.author, ad.text) == ("some_random_user/5343", "Blah", "some text")


def test_telegram_link_preview_is_not_the_authors_text(shared_dir: Path) -> None:
    name = "telegram/fragments_tchan/text_message_link_with_regular_preview.html"
    ad = only(read(shared_dir, name, "https://t.me/s/tchantest"))
    assert ad.text.startswith("https://agenciabrasil.ebc.com.br/justica/")
    assert "\n" not in ad.text
    assert [contact.value for contact in ad.contacts] == [ad.text.removeprefix("https://")]


@pytest.mark.parametrize("name", ["channel_created", "channel_photo_updated", "pinned"])
def test_telegram_service_messages_are_no_ads(shared_dir: Path, name: str) -> None:
    extraction = read(shared_dir, f"telegram/fragments_tchan/service_message_{name}.html", "https://t.me/s/x")
    assert (extraction.ads, extraction.is_complete) == ((), True)


def test_telegram_head_without_messages_is_no_channel_page(shared_dir: Path) -> None:
    extraction = read(
        shared_dir, "telegram/fragments_tchan/channel_info.html", "https://t.me/s/x", "telegram_channel"
    )
    assert (extraction.is_complete, extraction.problems) == (False, ("not_this_page: telegram_channel",))


class TestHh:
    def test_the_page_is_one_vacancy_and_not_the_six_other_cards(self, shared_dir: Path) -> None:
        url = "https://kolomna.hh.ru/vacancy/105250895?from=search"
        extraction = read(shared_dir, "hh/vacancy_page_hhru_2024.html", url)
        ad = only(extraction)
        assert (extraction.page_object, extraction.is_complete, extraction.is_gone) == (
            "hh_vacancy",
            True,
            False,
        )
        assert (ad.external_id, ad.url) == ("105250895", "https://kolomna.hh.ru/vacancy/105250895")
        assert (ad.title, ad.author) == ("Инженер по качеству", "Объединенные кондитеры")
        assert ad.text.startswith(
            "Обязанности:\nПроведение контроля качества и безопасности выпускаемой продукции"
        )
        assert ad.text.endswith("Кондитерские наборы к праздникам.")
        assert (ad.price_amount, ad.price_currency) == (Decimal(45000), "RUB")
        assert ad.region == "Коломна, Московская область"
        assert ad.published_at == datetime(2024, 8, 8, 6, 8, 40, 609000, tzinfo=UTC)

    @pytest.mark.parametrize(
        ("name", "number", "title", "price", "region"),
        [
            ("2024a", "100818395", "Site Reliability Engineer (SRE)", None, "Москва"),
            ("2024b", "105250895", "Инженер по качеству", Decimal(45000), "Коломна, Московская область"),
        ],
    )
    def test_states_in_a_page(
        self, shared_dir: Path, name: str, number: str, title: str, price: Decimal | None, region: str
    ) -> None:
        state = (shared_dir / f"fixtures/hh/page_state_lux_initial_{name}.json").read_text()
        page = f'<html><body><template class="x" id="HH-Lux-InitialState">{state}</template></body></html>'
        extraction = extract_page(
            page.encode(), url=f"https://hh.kz/vacancy/{number}", page_object="hh_vacancy"
        )
        ad = only(extraction)
        assert (ad.external_id, ad.title, ad.price_amount, ad.region) == (number, title, price, region)
        assert "<" not in ad.text
        assert "&lt;" not in ad.text
        assert extraction.is_complete

    def test_an_archived_vacancy_is_gone(self, shared_dir: Path) -> None:
        state = json.loads((shared_dir / "fixtures/hh/page_state_lux_initial_2024b.json").read_text())
        state["vacancyView"]["status"]["archived"] = True
        page = f'<template id="HH-Lux-InitialState">{escape(json.dumps(state), quote=True)}</template>'
        assert extract_page(page.encode(), url="https://hh.kz/vacancy/1", page_object="hh_vacancy").is_gone


@pytest.mark.parametrize(
    ("name", "n_ads", "is_complete", "first_id", "first_title"),
    [
        ("feed1.atom", 2, True, "urn:uuid:1225c695-cfb8-4ebb-aaaa-80da344efa6a",
         "Atom-Powered Robots Run Amok"),
        ("feed2.rss", 1, True, "7bd204c6-1655-4c27-aeee-53f933c5395f", "Example entry"),
        ("feedjira_AmazonWebServicesBlog.xml", 10, True, "tag:typepad.com,2003:post-61484736",
         "AWS Job: Architect & Designer Position in Turkey"),
        ("feedjira_FeedBurnerXHTML.xml", 10, True,
         "tag:typepad.com,2003:post-6a00d834515b9a69e201a511ad051e970c",
         "Stock Watch: April's Finest"),
        ("feedjira_GiantRobotsSmashingIntoOtherGiantRobots.xml", 3, True,
         "https://robots.thoughtbot.com/tell-don-t-ask-in-elixir",
         '"Tell, Don\'t Ask" in Elixir: A Story of Pattern-Matching'),
        ("feedjira_HREFConsideredHarmful.xml", 10, True, "http://www.avibryant.com/2008/09/chrome-v8-and-s.html",
         "Chrome, V8 and Strongtalk"),
        ("feedjira_TechCrunch.xml", 20, True, "http://techcrunch.com/?p=446154",
         "Angie’s List Sets Price Range IPO At $11 To $13 Per Share; Valued At Over $600M"),
        ("feedjira_InvalidDateFormat.xml", 2, False, "http://example.com/item0",
         "Item 0 with an invalid date"),
        ("feedparser_bozo_double-encoded-html.xml", 1, True, None, ""),
        ("feedparser_bozo_linenoise.xml", 1, False, None, ""),
    ],
)  # fmt: skip
def test_feeds_give_what_they_hold(
    shared_dir: Path, name: str, n_ads: int, is_complete: bool, first_id: str | None, first_title: str
) -> None:
    extraction = read(shared_dir, f"feeds/{name}", "http://example.com/feed")
    assert (extraction.page_object, len(extraction.ads), extraction.is_complete) == (
        "feed",
        n_ads,
        is_complete,
    )
    assert extraction.ads[0].title == first_title
    if first_id is not None:
        assert extraction.ads[0].external_id == first_id


def test_feed_with_an_invalid_date_keeps_the_valid_one(shared_dir: Path) -> None:
    extraction = read(shared_dir, "feeds/feedjira_InvalidDateFormat.xml", "http://example.com/feed")
    first, second = extraction.ads
    assert first.published_at == datetime(2017, 10, 16, 15, 10, tzinfo=UTC)
    assert second.published_at == datetime(2017, 10, 17, 12, 17, tzinfo=UTC)
    assert "feed_cut" in extraction.problems  # the file ends before </rss>


def test_double_encoded_feed_text(shared_dir: Path) -> None:
    ad = only(read(shared_dir, "feeds/feedparser_bozo_double-encoded-html.xml", "http://example.com/feed"))
    assert ad.text == "…"


def test_line_noise_keeps_its_readable_characters(shared_dir: Path) -> None:
    extraction = read(shared_dir, "feeds/feedparser_bozo_linenoise.xml", "http://example.com/feed")
    assert only(extraction).text == "’<>”\ufffd"
    assert extraction.problems == ("undecodable_bytes: 1", "undecodable_text")


def test_feed_with_invalid_bytes_and_no_items(shared_dir: Path) -> None:
    extraction = read(
        shared_dir, "feeds/feedparser_bozo_invalid-bytes-with-bom.xml", "http://example.com/feed"
    )
    assert (extraction.ads, extraction.is_complete) == ((), False)
    assert "undecodable_bytes: 1" in extraction.problems


def test_empty_feed_is_a_feed(shared_dir: Path) -> None:
    extraction = read(
        shared_dir, "feeds/feedparser_bozo_http_text_plain_charset.xml", "http://example.com/feed"
    )
    assert (extraction.page_object, extraction.ads, extraction.is_complete) == ("feed", (), True)


def test_feed_of_links_to_elsewhere_keeps_the_words_off_those_pages(shared_dir: Path) -> None:
    extraction = read(shared_dir, "feeds/feedjira_RSSWithComments.xml", "https://news.ycombinator.com/rss")
    assert len(extraction.ads) == 30
    assert extraction.ads[1].title == "Dall-E 2"
    assert extraction.ads[1].url == "https://news.ycombinator.com/rss"
    assert [contact.value for contact in extraction.ads[1].contacts] == ["openai.com/dall-e-2"]


def test_job_postings_in_one_list(shared_dir: Path) -> None:
    extraction = read(
        shared_dir, "structured_data/SYNTHETIC_jobposting_schema_org_jobs.html", "https://example.com/c"
    )
    assert [(ad.title, ad.url, ad.author, ad.region) for ad in extraction.ads] == [
        (
            "Senior Software Developer (m/w/d)",
            "https://example.com/jobs/senior-dev",
            "Example GmbH",
            "Berlin",
        ),
        ("Product Manager (m/w/d)", "https://example.com/jobs/pm", "Example GmbH", "Munich"),
        ("DevOps Engineer", "https://example.com/jobs/devops", None, "Hamburg"),
    ]
    assert extraction.ads[0].published_at == datetime(
        2024, 1, 14, 19, tzinfo=UTC
    )  # a day begins in Kazakhstan
    assert extraction.is_complete


def test_job_postings_of_another_site_do_not_claim_its_pages(shared_dir: Path) -> None:
    name = "structured_data/SYNTHETIC_jobposting_workable.html"
    own = read(shared_dir, name, "https://apply.workable.com/workablecompany/")
    foreign = read(shared_dir, name, "https://evil.example/")
    assert [ad.url for ad in own.ads] == [
        "https://apply.workable.com/workablecompany/j/ABC123/",
        "https://apply.workable.com/workablecompany/j/DEF456/",
    ]
    assert [ad.region for ad in own.ads] == ["Cluj-Napoca", "Berlin"]
    assert {ad.url for ad in foreign.ads} == {"https://evil.example/"}
    assert len({ad.external_id for ad in foreign.ads}) == 2


@pytest.mark.parametrize(
    "name",
    [
        "structured_data/extruct_jsonld_empty_item.html",
        "structured_data/extruct_microdata-with-description.html",
        "jobboards/office_angels_job_results.html",
        "hostile/no_html_close_siegessaeule.de-Machtinstrument.html",
        "kz_misc/domdom_kz_home.html",
    ],
)
def test_a_page_that_no_page_object_knows_is_read_by_its_main_text(shared_dir: Path, name: str) -> None:
    extraction = read(shared_dir, name, "https://x.example/")
    assert (extraction.page_object, only(extraction).kind) == ("generic", AdKind.PAGE)
    # On a site that has page objects of its own it means that the site has changed.
    known = read(shared_dir, name, "https://www.olx.kz/x")
    assert (known.page_object, known.ads, known.is_complete) == (None, (), False)
    assert "page_not_recognised" in known.problems


@pytest.mark.parametrize(
    ("name", "n_links", "first", "kind", "modified_at"),
    [
        ("ache_sitemap-index.xml", 3, "http://www.example.com/sitemap/sitemap1.xml", RequestKind.LISTING,
         datetime(2016, 5, 12, 19, tzinfo=UTC)),
        ("ache_sample-sitemap.xml", 3, "http://www.example.com/catalog?item=3", RequestKind.AD,
         datetime(2004, 12, 31, 19, tzinfo=UTC)),  # it stands twice, the second time as changed on 2005-01-01
        ("sitemap.xml", 84, "https://www.sitemaps.org/", RequestKind.AD,
         datetime(2016, 11, 20, 19, tzinfo=UTC)),
        ("sitemap.xml.gz", 84, "https://www.sitemaps.org/", RequestKind.AD,
         datetime(2016, 11, 20, 19, tzinfo=UTC)),
        ("sitemap2.xml", 2, "http://www.example.com/sitemap2.xml.gz", RequestKind.LISTING,
         datetime(2004, 12, 31, 19, tzinfo=UTC)),
        ("sitemap-hreflang.xml", 4, "http://www.example.com/english/page.html", RequestKind.AD, None),
    ],
)  # fmt: skip
def test_sitemaps_lead_to_what_changed_last(
    shared_dir: Path, name: str, n_links: int, first: str, kind: RequestKind, modified_at: datetime | None
) -> None:
    extraction = read(shared_dir, f"sitemaps/{name}", "http://www.example.com/sitemap.xml")
    assert (extraction.page_object, extraction.is_complete) == ("sitemap", True)
    assert len(extraction.links) == n_links
    assert extraction.links[0] == LinkItem(first, kind, modified_at)
