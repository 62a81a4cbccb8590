"""Hostile pages: each gives a clear state, and none is complete when something of it was not read."""

import json
import time
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from selectolax.lexbor import LexborHTMLParser

from crawlers.extraction import extract_page
from crawlers.items import AdItem, AdKind, ContactItem, Extraction, LinkItem, ad_json, from_json, to_json
from crawlers.pages.registry import UnknownPageObject
from crawlers.pages.soup import MAX_ATTRIBUTES, MAX_DEPTH, tame
from crawlers.sandbox import TIMEOUT_SECONDS
from models.enums import ContactKind, RequestKind

AD_URL = "http://baraholka.example/d/x-ID5.html"


def offer(text: str, *, before: str = "") -> bytes:
    page = (
        f'<!DOCTYPE html><html><body>{before}<article class="offer" data-id="5">'
        f'<h1 class="offer-title">Работа</h1><div class="offer-text">{text}</div>'
        '<span class="place">Алматы</span></article></body></html>'
    )
    return page.encode("utf-8", errors="surrogatepass")


def extract(body: bytes, page_object: str | None = "baraholka_ad", url: str = AD_URL) -> Extraction:
    started = time.process_time()
    extraction = extract_page(body, url=url, content_type="text/html; charset=utf-8", page_object=page_object)
    # Of the processor: beside other work the clock runs on, and a child that has no more would be ended.
    assert time.process_time() - started < TIMEOUT_SECONDS
    assert from_json(to_json(extraction)) == extraction
    return extraction


ATTRIBUTES = " ".join(f'a{number}="&gt;>"' for number in range(50_000))


@pytest.mark.parametrize(
    ("text", "shown", "problem"),
    [
        ("<span>" * 2_100 + "паспорт" + "</span>" * 2_100, "паспорт", "too_deep"),
        ("<div>" * 2_100 + "паспорт" + "</div>" * 2_100, "паспорт", "too_deep"),
        ("<span>" * 2_100 + "паспорт", "паспорт", "too_deep"),
        ("<div>" * 100_000 + "паспорт" + "</div>" * 100_000, "паспорт", "too_deep"),
        ("<b><i>" * 30_000 + "паспорт", "паспорт", "too_deep"),
        ("<div><font color=1></div>" * 5_000 + "паспорт", "паспорт", "too_deep"),
        (f"<p {ATTRIBUTES}>паспорт</p>", "паспорт", "too_many_attributes"),
        (f"<p {' '.join('ab' for _ in range(100_000))}>паспорт</p>", "паспорт", "too_many_attributes"),
        ("<table><tr><td>" * 300 + "паспорт", "паспорт", "too_deep"),
    ],
    ids=["span", "div", "unclosed", "div100k", "bi", "font", "attributes", "bare_attributes", "tables"],
)
def test_text_hidden_by_depth_or_attributes_is_read_and_the_page_is_incomplete(
    text: str, shown: str, problem: str
) -> None:
    extraction = extract(offer(f"раз {text} два"))
    assert (extraction.is_complete, extraction.problems) == (False, (problem,))
    assert len(extraction.ads) == 1
    assert shown in extraction.ads[0].text
    assert "два" in extraction.ads[0].text


def test_what_stands_after_the_deep_part_is_read_too() -> None:
    ad = extract(offer("<span>" * 2_100 + "x" + "</span>" * 2_100)).ads[0]
    assert ad.region == "Алматы"


def test_a_page_hidden_as_a_whole_comes_as_one_ad_with_all_its_text() -> None:
    extraction = extract(offer("продам почку", before="<div>" * 2_100))
    assert extraction.problems == ("too_deep", "not_this_page: baraholka_ad")
    assert not extraction.is_complete
    (ad,) = extraction.ads
    assert (ad.kind, ad.url) == (AdKind.PAGE, AD_URL)
    assert "продам почку" in ad.text


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("начало <!-- и всё", "cut_in_comment"),
        ("начало <script>var x = 1;", "cut_in_script"),
        ('начало <a href="x', "cut_in_tag"),
    ],
)
def test_a_page_that_ends_in_the_middle_is_incomplete(text: str, problem: str) -> None:
    body = offer("").split(b"</div>")[0] + text.encode()
    extraction = extract(body)
    assert (extraction.is_complete, extraction.problems) == (False, (problem,))
    assert extraction.ads[0].text == "начало"


@pytest.mark.parametrize(
    "text",
    [
        "&amp;" * 1_000_000,
        "<!" * 60_000 + ">",
        "<br>" * 100_000,
        "a<b " * 10_000,
        "&#x110000;&#0;&#xD800;&bogus;",
        "\u202e\u200b\ufeff\u2028",
        "<svg>" + "<path d='M0'/>" * 5_000 + "</svg>",
        "<p>" * 5_000 + "<li>" * 5_000,
        "<plaintext>" + "<b>" * 150,
    ],
    ids=[
        "entities",
        "declarations",
        "breaks",
        "less_than",
        "bad_entities",
        "bidi",
        "svg",
        "unclosed_p",
        "plaintext",
    ],
)
def test_odd_pages_are_read_within_the_time(text: str) -> None:
    extraction = extract(offer(f"начало {text} конец"))
    assert extraction.ads[0].text.startswith("начало")
    extraction.ads[0].text.encode()


def test_nul_bytes_do_not_hide_words() -> None:
    extraction = extract(offer("прод\x00ам по\x00чку"))
    assert extraction.ads[0].text == "продам почку"
    assert extraction.problems == ("nul_removed: 2",)
    assert extraction.is_complete


def test_lone_surrogates_in_json_are_removed_and_noted() -> None:
    text = "<p>При\\udfffвет \\ud83d\\ude00 \\u0000</p>"
    posting = f'"title":"Няня\\ud800","description":"{text}","hiringOrganization":"A\\ud800B"'
    body = f'<script type="application/ld+json">{{"@type":"JobPosting",{posting}}}</script>'.encode()
    extraction = extract(body, "job_posting")
    (ad,) = extraction.ads
    assert (ad.title, ad.text, ad.author) == ("Няня", "Привет 😀", "AB")
    assert set(extraction.problems) == {"lone_surrogates_removed: 1", "nul_removed: 1"}


def test_undecodable_bytes_in_an_ad_make_it_incomplete_and_elsewhere_do_not() -> None:
    inside = extract(offer("слово").replace("слово".encode(), "сло".encode() + b"\xff" + "во".encode()))
    outside = extract(offer("слово").replace(b"</body>", b"<!-- \xff --></body>"))
    assert (inside.is_complete, inside.problems) == (False, ("undecodable_bytes: 1", "undecodable_text"))
    assert (outside.is_complete, outside.problems) == (True, ("undecodable_bytes: 1",))


@pytest.mark.parametrize("block", ["[" * 100_000, '{"@type":"JobPosting","title":', "{" * 100 + "JobPosting"])
def test_json_ld_that_cannot_be_read_is_never_complete(block: str) -> None:
    body = f'<script type="application/ld+json">{block} JobPosting</script>'.encode()
    extraction = extract(body, "job_posting")
    assert not extraction.is_complete
    assert "json_ld_broken" in extraction.problems


@pytest.mark.parametrize(
    "state",
    [
        '"{\\"listing\\":{\\"listing\\":{\\"ads\\":[',
        '"not json"',
        '"[]"',
        '"{\\"listing\\": 5}"',
        '"{\\"listing\\":{\\"listing\\":{\\"ads\\":{}}}}"',
    ],
)
def test_an_olx_page_with_another_state_is_never_an_empty_listing(state: str) -> None:
    body = f"<script>window.__PRERENDERED_STATE__= {state};</script>".encode()
    extraction = extract(body, "olx_listing", "https://www.olx.kz/rabota/")
    assert not extraction.is_complete
    assert "not_this_page: olx_listing" in extraction.problems


def test_json_of_odd_shapes_gives_absent_fields() -> None:
    ads = [
        {
            "id": 1,
            "title": [],
            "description": {},
            "price": "x",
            "location": 5,
            "contact": [],
            "url": "//[",
            "isJob": "y",
        },
        7,
        None,
    ]
    state = json.dumps(
        json.dumps({"listing": {"listing": {"ads": ads, "pageNumber": "x", "totalPages": None}}})
    )
    extraction = extract(f"<script>window.__PRERENDERED_STATE__= {state};</script>".encode(), "olx_listing")
    assert extraction.ads == (AdItem("1", AD_URL, "", "", kind=AdKind.CLASSIFIED),)
    assert (extraction.is_complete, extraction.problems) == (False, ("ad_without_id",))


@pytest.mark.parametrize(
    "xml",
    [
        '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>',
        '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd"><!ENTITY b "&a;">]>',
    ],
)
def test_entities_of_a_feed_are_not_expanded(xml: str) -> None:
    item = "<item><guid>1</guid><description>x &b; y</description></item>"
    body = f'<?xml version="1.0"?>{xml}<rss version="2.0"><channel>{item}</channel></rss>'
    extraction = extract(body.encode(), "feed", "https://x.example/feed")
    assert [ad.text for ad in extraction.ads] == ["x &b; y"]
    assert (extraction.is_complete, extraction.problems[0]) == (False, "feed_entities_not_read")


def test_blank_lines_before_a_feed_make_it_no_broken_one() -> None:
    item = "<item><guid>1</guid><description>x</description></item>"
    body = f'\n \n<?xml version="1.0"?><rss version="2.0"><channel>{item}</channel></rss>'
    extraction = extract(body.encode(), "feed", "https://x.example/feed")
    assert [ad.text for ad in extraction.ads] == ["x"]
    assert (extraction.is_complete, extraction.problems) == (True, ())


@pytest.mark.parametrize(
    "body", [b"", b"\x00" * 5_000, b"\xff" * 5_000, b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40, b"{}"]
)
@pytest.mark.parametrize(
    "page_object", [None, "telegram_channel", "feed", "hh_vacancy", "olx_listing", "job_posting"]
)
def test_what_is_no_page_is_never_complete(body: bytes, page_object: str | None) -> None:
    extraction = extract(body, page_object, "https://x.example/")
    assert (extraction.ads, extraction.is_complete) == ((), False)


def test_an_unknown_page_object_is_refused() -> None:
    with pytest.raises(UnknownPageObject, match="feed"):
        extract_page(b"", url=AD_URL, page_object="no_such")


class TestTame:
    """What the count of tags takes out, and what it leaves."""

    @pytest.mark.parametrize(
        "html",
        [
            "<p>a" * 1_000,
            "<ul>" + "<li>a" * 1_000 + "</ul>",
            "<br>" * 1_000 + "<img src=x>" * 1_000,
            "<div><span>a</div>" * 1_000,
            "<script>" + "<div>" * 1_000 + "</script>",
            "<!-- " + "<div>" * 1_000 + " -->",
            '<a title="' + "<div>" * 1_000 + '">a</a>',
            "a < b " * 1_000,
            "<svg>" + "<g/>" * 1_000 + "</svg>",
            "<div>" * (MAX_DEPTH - 1) + "</div>" * (MAX_DEPTH - 1),
            "<p " + " ".join(f"a{number}=1" for number in range(MAX_ATTRIBUTES)) + ">",
        ],
    )
    def test_honest_markup_is_left_as_it_is(self, html: str) -> None:
        assert (tame(html).html, tame(html).problems) == (html, ())

    def test_tags_beyond_the_depth_are_cut_out_in_pairs(self) -> None:
        deep, kept = MAX_DEPTH + 2, MAX_DEPTH + 1  # the innermost, which holds only text, is not counted
        tamed = tame("<div>" * deep + "a" + "</div>" * deep + "<p>b</p>")
        assert tamed.html == "<div>" * kept + "a" + "</div>" * kept + "<p>b</p>"
        assert tamed.problems == ("too_deep",)

    def test_attributes_beyond_the_limit_are_cut_off(self) -> None:
        tamed = tame("x<p " + " ".join(f"a{number}='>'" for number in range(999)) + ">b</p>")
        assert (
            tamed.html == "x<p " + " ".join(f"a{number}='>'" for number in range(MAX_ATTRIBUTES)) + ">b</p>"
        )
        assert tamed.problems == ("too_many_attributes",)

    def test_json_ld_is_what_a_tree_would_hold(self) -> None:
        html = """<!-- <script type="application/ld+json">1</script> -->
            <SCRIPT TYPE=application/ld+json>2</SCRIPT>
            <textarea><script type="application/ld+json">3</script></textarea>
            <script data-a='x' type = 'Application/LD+JSON; charset=utf-8'>"</div> &amp; <!--"</script>
            <script type="text/javascript">4</script><script data-type="application/ld+json">5</script>
            <p title="<script type='application/ld+json'>6</script>">
            <div><span><script type="application/ld+json">7</script></span></div>
            <script type="application/ld+json"></script><script type="application/ld+json">{"cut": 1}"""
        tree = LexborHTMLParser(html).css('script[type^="application/ld+json" i]')
        assert list(tame(html).json_ld) == [script.text() for script in tree]
        assert len(tree) == 5

    def test_time_grows_with_the_page_only(self) -> None:
        for piece in (
            "<a b='",
            '<a b="',
            "<!--",
            "<script>",
            "<",
            "</",
            "<a ",
            "<a =",
            "-",
            "<b><i>",
            "=",
            "<x/",
        ):
            started = time.perf_counter()
            tame(piece * (400_000 // len(piece)))
            assert time.perf_counter() - started < 2, piece


def test_the_line_of_the_command() -> None:
    ad = AdItem(
        external_id="7",
        url="https://x.example/7",
        title="Няня",
        text="Текст",
        contacts=(ContactItem(ContactKind.PHONE, "+77010001122"),),
        price_amount=Decimal("1500.50"),
        price_currency="KZT",
        price_period="day",
        published_at=datetime(2026, 11, 20, 5, tzinfo=UTC),
        kind=AdKind.JOB,
    )
    assert ad_json(ad) == {
        "external_id": "7",
        "url": "https://x.example/7",
        "title": "Няня",
        "text": "Текст",
        "author": None,
        "contacts": [{"kind": "phone", "value": "+77010001122"}],
        "region": None,
        "price": {"amount": "1500.50", "currency": "KZT", "period": "day"},
        "published_at": "2026-11-20T05:00:00+00:00",
        "kind": "job",
    }
    link = LinkItem("https://x.example/?page=2", RequestKind.LISTING)
    extraction = Extraction("feed", (ad,), (link,), is_complete=False, problems=("feed_cut",), is_gone=True)
    assert from_json(to_json(extraction)) == extraction


@pytest.mark.parametrize(
    "wrong", [{"title": 5}, {"kind": "no such"}, {"more": 1}, {"published_at": "yesterday"}]
)
def test_an_answer_of_another_shape_is_no_extraction(wrong: dict[str, object]) -> None:
    fields = json.loads(to_json(Extraction("feed", (AdItem("1", AD_URL, "", ""),))))
    fields["ads"][0].update(wrong)
    with pytest.raises((ValueError, TypeError)):
        from_json(json.dumps(fields).encode())
