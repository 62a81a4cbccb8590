"""Forums against real saved pages; the expected values were read off the pages by eye."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from crawlers.extraction import extract_page
from crawlers.items import AdItem, AdKind, Extraction
from crawlers.pages.forum_engine import engines
from models.enums import RequestKind

VISITOR = re.compile(r"[?&;](?:s|sid|phpsessid)=", re.IGNORECASE)
URLS = {
    "bbpress_forum_p20_juragancipir": "http://juragancipir.com/forums/forum/diskusi-blog/page/20/",
    "ipb_topic_grasscity": "http://forum.grasscity.com/toking-tools-qa/1390809-bongs-vs-bubblers.html",
    "phpbb2_viewforum_yalbert": "http://yalbert.free.fr/phpbb2/viewforum.php?f=1",
    "phpbb_index_ru_bsuir": "http://www.bsuir.by/conference/",
    "phpbb_viewforum_bikeradar": "http://www.bikeradar.com/forums/viewforum.php?f=40058",
    "phpbb_viewforum_zoneconcours": "http://www.zone-concours.com/forum/temoignages-f26.html",
    "phpbb_viewtopic_codjumper": "http://www.codjumper.com/forums/viewtopic.php?f=62&p=181352&t=16822",
    "phpbb_viewtopic_zoneconcours": "http://www.zone-concours.com/forum/jeux-zelda-t190.html",
    "smf_board_pcbheaven": "http://www.pcbheaven.com/forum/index.php?board=18.0",
    "vanilla_discussion_bitterkittens": "http://bitterkittens.com/discussion/868/kittentariat-open-chat-11",
    "vanilla_index_kanadam": "http://forum.kanadam.com/",
    "vbulletin3_index_ru_darkmoney": "http://darkmoney.cc/",
    "vbulletin4_forumdisplay_cp1252_terraforums": "http://www.terraforums.com/forums/forum111/?s=6ef2dc853f8f",
    "vbulletin4_index_escmid": "http://forum.escmid.org/forum.php",
    "vbulletin4_thread_p2_cp1252_terraforums": "http://www.terraforums.com/forums/n/93602-flower-2.html",
    "vbulletin_forumdisplay_mazdaworld": "http://forums.mazdaworld.org/103-929/",
    "vbulletin_thread_p3_askdin": "http://www.askdin.com/thread53668-3.html",
    "xenforo_thread_oneplus": "https://forums.oneplus.net/threads/name-a-city.160418/",
}


def read(shared_dir: Path, name: str) -> Extraction:
    body = (shared_dir / f"fixtures/forums/{name}.html").read_bytes()
    return extract_page(body, url=URLS[name], fetched_at=datetime(2026, 11, 21, tzinfo=UTC))


@pytest.mark.parametrize(
    ("name", "n_posts", "n_topics"),
    [
        ("bbpress_forum_p20_juragancipir", 0, 21),
        ("ipb_topic_grasscity", 7, 5),
        ("phpbb2_viewforum_yalbert", 0, 9),
        ("phpbb_index_ru_bsuir", 0, 0),
        ("phpbb_viewforum_bikeradar", 0, 2),
        ("phpbb_viewforum_zoneconcours", 0, 25),
        ("phpbb_viewtopic_codjumper", 2, 1),
        ("phpbb_viewtopic_zoneconcours", 5, 0),
        ("smf_board_pcbheaven", 0, 20),
        ("vanilla_discussion_bitterkittens", 31, 0),
        ("vanilla_index_kanadam", 0, 31),
        ("vbulletin3_index_ru_darkmoney", 0, 0),
        ("vbulletin4_forumdisplay_cp1252_terraforums", 0, 23),
        ("vbulletin4_index_escmid", 0, 0),
        ("vbulletin4_thread_p2_cp1252_terraforums", 9, 0),
        ("vbulletin_forumdisplay_mazdaworld", 0, 34),
        ("vbulletin_thread_p3_askdin", 2, 0),
        ("xenforo_thread_oneplus", 20, 0),
    ],
)
def test_a_forum_page_gives_its_posts_and_topics_without_visitor_ids(
    shared_dir: Path, name: str, n_posts: int, n_topics: int
) -> None:
    found = read(shared_dir, name)
    topics = [link for link in found.links if link.kind is RequestKind.AD]
    assert (found.page_object, found.is_complete) == ("forum", True)
    assert (len(found.ads), len(topics)) == (n_posts, n_topics)
    assert found.ads or found.links
    assert not [
        url
        for url in (*(ad.url for ad in found.ads), *(link.url for link in found.links))
        if VISITOR.search(url)
    ]
    assert {ad.kind for ad in found.ads} <= {AdKind.POST}


def facts(ad: AdItem) -> tuple[str, str, str, str | None, datetime | None]:
    return ad.external_id, ad.url, ad.title, ad.author, ad.published_at


class TestPosts:
    def test_phpbb3(self, shared_dir: Path) -> None:
        first, second, *_ = read(shared_dir, "phpbb_viewtopic_zoneconcours").ads
        assert facts(first) == (
            "zone-concours.com/564",
            "http://www.zone-concours.com/forum/post564.html",
            "Jeux Zelda pour DS, DSi et 3DS gratuit",
            "peanuts",
            None,  # «Ven 7 Oct 2011 08:23», French
        )
        assert first.text.startswith("Pour les 25 ans de Zelda, Nintendo Europe vous offre le jeu")
        assert [contact.value for contact in first.contacts] == [
            "microsite.nintendo-europe.com/zelda_25/fr_FR/four_swords.html"
        ]
        assert (second.title, second.author) == ("", "Gontran")
        assert second.text == "Salut,\n\nJusqu'au 20/02/2010 ? Ça serait pas 2012 ?"

    def test_subsilver2(self, shared_dir: Path) -> None:
        first, second = read(shared_dir, "phpbb_viewtopic_codjumper").ads
        assert facts(first) == (
            "codjumper.com/181325",
            "http://www.codjumper.com/forums/viewtopic.php?p=181325",
            "[ADDED] short and easy #3",
            "nhatlam1804",
            datetime(2016, 1, 8, 21, 30, tzinfo=UTC),
        )
        assert (second.author, second.text) == ("Xpayne", "Thank you. Added.")

    def test_vbulletin4_second_page(self, shared_dir: Path) -> None:
        posts = read(shared_dir, "vbulletin4_thread_p2_cp1252_terraforums").ads
        assert facts(posts[0]) == (
            "terraforums.com/702959",
            "http://www.terraforums.com/forums/north-american-sarracenia-conservancy/"
            "93602-pollinate-sarracenia-flower-post702959.html",
            "",
            "JBL",
            datetime(2005, 4, 9, 13, 46, tzinfo=UTC),  # 04-09-2005, 06:46 PM
        )
        assert posts[0].text.endswith("*for S. flava")
        assert posts[-1].author == "replicaprada"
        assert [contact.value for contact in posts[-1].contacts] == ["simulationcreditauto.net"]

    def test_vbulletin4_in_persian(self, shared_dir: Path) -> None:
        first, second = read(shared_dir, "vbulletin_thread_p3_askdin").ads
        assert (first.external_id, first.author, second.author) == ("askdin.com/783019", "طاهر", "یاسین")
        assert first.url == "http://www.askdin.com/showthread.php?t=53668&p=783019&viewfull=1"
        assert first.text == "با نام و یاد دوست\n\nسلام و عرض ادب"

    def test_xenforo1(self, shared_dir: Path) -> None:
        found = read(shared_dir, "xenforo_thread_oneplus")
        assert facts(found.ads[0]) == (
            "forums.oneplus.net/6979172",
            "https://forums.oneplus.net/posts/6979172/",
            "Name a city with the next letter of the alphabet (GAME)",
            "faridd",
            datetime(2014, 10, 29, 13, 28, tzinfo=UTC),
        )
        assert [ad.text for ad in found.ads[:2]] == ["Austin", "Berlin"]
        assert found.links[0].url.endswith("/page-2")

    def test_ipb3(self, shared_dir: Path) -> None:
        posts = read(shared_dir, "ipb_topic_grasscity").ads
        assert facts(posts[0]) == (
            "forum.grasscity.com/22210173",
            "http://forum.grasscity.com/toking-tools-qa/1390809-bongs-vs-bubblers.html",
            "Bongs vs. Bubblers",
            "yertletheturtle420",
            datetime(2015, 12, 7, 0, 15, 31, tzinfo=UTC),
        )
        assert posts[0].text.startswith("I just realized I have no idea where the difference lies")
        assert posts[-1].author == "ajroxit"

    def test_vanilla(self, shared_dir: Path) -> None:
        first, second, *_ = read(shared_dir, "vanilla_discussion_bitterkittens").ads
        assert facts(first) == (
            "bitterkittens.com/Discussion_868",
            "http://bitterkittens.com/discussion/868/kittentariat-open-chat-11-the-lounge-is-open",
            "Kittentariat Open Chat 11 - the lounge is open",
            "foodycatAlicia",
            datetime(2015, 5, 15, 7, 54, 10, tzinfo=UTC),
        )
        assert second.url == "http://bitterkittens.com/discussion/comment/26970/"
        assert second.text.startswith("Looks like a great place to pau hana!")


def test_russian_boards_are_found(shared_dir: Path) -> None:
    links = read(shared_dir, "phpbb_index_ru_bsuir").links
    assert links[0].url == "http://www.bsuir.by/conference/viewforum.php?f=33"
    assert "http://darkmoney.cc/novosti-iz-smi-47/" in {
        link.url for link in read(shared_dir, "vbulletin3_index_ru_darkmoney").links
    }


@pytest.mark.parametrize("name", ["other_bbs_article_mitbbssg", "vbulletin4_index_ru_civfanatics"])
def test_what_is_no_board_and_no_topic_is_not_read_as_one(shared_dir: Path, name: str) -> None:
    body = (shared_dir / f"fixtures/forums/{name}.html").read_bytes()
    found = extract_page(body, url="http://x.example/", page_object="forum")
    assert (found.ads, found.is_complete) == ((), False)


def test_each_engine_has_its_file() -> None:
    assert {engine.name for engine in engines()} == {
        "bbpress", "ipb3", "ipb4", "phpbb2", "phpbb3", "smf", "vanilla", "vbulletin3", "vbulletin4",
        "xenforo1", "xenforo2",
    }  # fmt: skip
