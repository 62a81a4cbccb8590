"""Blogs, JSON feeds and any page at all, against real saved pages; expected values were read by eye."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from crawlers.extraction import extract_page
from crawlers.items import AdKind, ContactItem, Extraction
from models.enums import ContactKind, RequestKind

NOW = datetime(2026, 11, 21, tzinfo=UTC)


def read(shared_dir: Path, name: str, url: str, page_object: str | None = None) -> Extraction:
    body = (shared_dir / "fixtures" / name).read_bytes()
    return extract_page(body, url=url, page_object=page_object, fetched_at=NOW)


@pytest.mark.parametrize(
    ("name", "url", "n_posts", "first", "further"),
    [
        ("ru_binarymarket_category_p1.html", "http://binarymarket.ru/category/strategy", 16,
         "http://binarymarket.ru/strategy/strategiya-denezhnyy-potok.html",
         "http://binarymarket.ru/category/strategy/page/2"),
        ("ru_binarymarket_category_p2.html", "http://binarymarket.ru/category/strategy/page/2", 1,
         "http://binarymarket.ru/strategy/prostie-indikatornye-strategii.html",
         "http://binarymarket.ru/category/strategy/"),
        ("rumorfix_page4.html", "http://rumorfix.com/page/4/", 20,
         "http://rumorfix.com/2016/03/emily-maynard-pregnant-again/", "http://rumorfix.com/page/5/"),
        ("joomla_ru_annaoriona_p2.html", "http://www.annaoriona.ru/?start=10", 2,
         "http://www.annaoriona.ru/blog/21-obzory/130-variant-khraneniya-plastiki",
         "http://www.annaoriona.ru/?start=8"),
    ],
)  # fmt: skip
def test_lists_lead_to_their_posts_and_on(
    shared_dir: Path, name: str, url: str, n_posts: int, first: str, further: str
) -> None:
    found = read(shared_dir, f"wordpress/{name}", url, "blog")
    posts = [link.url for link in found.links if link.kind is RequestKind.AD]
    assert (found.ads, found.is_complete, len(posts), posts[0]) == ((), True, n_posts, first)
    assert further in [link.url for link in found.links if link.kind is RequestKind.LISTING]


def test_blogspot_list(shared_dir: Path) -> None:
    name = "wordpress/blogspot_facebookpostmarketing.html"
    found = read(shared_dir, name, "http://facebookpostmarketing.blogspot.ru/", "blog")
    assert found.links[0].url.endswith(".ru/2015/06/alls-in-one-facebook-auto-bot.html")
    assert found.ads == ()


def test_blogspot_page(shared_dir: Path) -> None:
    name = "jobboards/nabirayukomandu_ru_mlm_recruit.html"
    found = read(shared_dir, name, "http://www.nabirayukomandu.ru/p/obratnaya-svyaz.html", "blog")
    assert found.links == ()
    assert "Для того, чтобы связаться с автором блога" in found.ads[0].text


def test_a_post_of_wordpress(shared_dir: Path) -> None:
    url = "https://www.elpais.cr/2022/04/21/gobierno/"
    (ad,) = read(shared_dir, "wordpress/elpais.cr-gobierno.html", url, "blog").ads
    assert ad.title == "Gobierno entrega directriz para fortalecer ciberseguridad del sector público tico"
    assert ad.text.startswith("San José, 21 Abr (Elpaís.cr).- Con el fin de resguardar")
    assert ad.text.endswith("quien funge como ente coordinador de la ciberseguridad nacional.")
    assert (ad.url, ad.kind) == (url, AdKind.ARTICLE)
    assert ad.published_at == datetime(2022, 4, 22, 5, 46, 58, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "url", "n_items", "first_id", "first_title", "author", "published"),
    [
        ("feed.json", "https://feeds.npr.org/1019/feed.json", 25, "1050315385",
         "Keller Rinaudo: How can delivery drones save lives?", "Manoush Zomorodi",
         datetime(2021, 10, 29, 14, 26, tzinfo=UTC)),
        ("feedjira_json_feed.json", "http://inessential.com/feed.json", 20,
         "http://inessential.com/2017/06/02/james_dempsey_and_the_breakpoints_benefi",
         "James Dempsey and the Breakpoints Benefit App Camp for Girls", "Brent Simmons",
         datetime(2017, 6, 3, 5, 5, 47, tzinfo=UTC)),
    ],
)  # fmt: skip
def test_json_feeds(
    shared_dir: Path, name: str, url: str, n_items: int, first_id: str, first_title: str, author: str,
    published: datetime,
) -> None:  # fmt: skip
    found = read(shared_dir, f"feeds/{name}", url)
    first = found.ads[0]
    assert (found.page_object, found.is_complete, len(found.ads)) == ("json_feed", True, n_items)
    assert (first.external_id, first.title, first.author) == (first_id, first_title, author)
    assert first.published_at == published
    assert "<" not in first.text


class TestGeneric:
    def test_a_page_that_nothing_else_knows_is_marked_so(self, shared_dir: Path) -> None:
        found = read(shared_dir, "kz_misc/domdom_kz_home.html", "https://domdom.kz/")
        (ad,) = found.ads
        assert (found.page_object, ad.kind, ad.title) == ("generic", AdKind.PAGE, "DOMDOM")
        assert ad.text.startswith("Товары для дома и уюта\nНаш интернет магазин в настоящее время")
        assert ad.contacts == (ContactItem(ContactKind.EMAIL, "multidom-taraz-2014@mail.ru"),)

    def test_menus_are_left_out_and_the_text_is_whole(self, shared_dir: Path) -> None:
        (ad,) = read(shared_dir, "hostile/huge_1_6MB_nymag.html", "https://nymag.com/x").ads
        assert ad.text.startswith("In Why We’re Polarized, Ezra Klein sets out to answer")
        assert len(ad.text) > 20_000

    def test_where_the_main_text_is_unclear_all_text_is_taken(self, shared_dir: Path) -> None:
        found = read(shared_dir, "encodings/cp1251_streetstorm_blog_p1.html", "http://streetstorm.ru/blog/")
        assert "main_text_unclear" in found.problems
        assert len(found.ads[0].text) > 7000
