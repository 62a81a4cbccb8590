"""VK's answers as saved by others; the expected values were read off them by eye."""

import json
from datetime import UTC, datetime
from pathlib import Path

from crawlers.extraction import extract_page
from crawlers.items import Extraction

WALL = "https://api.vk.com/method/wall.get?owner_id=-109125816&count=10&v=5.199"


def read(shared_dir: Path, name: str, url: str = WALL) -> Extraction:
    return extract_page((shared_dir / f"fixtures/vk/{name}.json").read_bytes(), url=url)


def test_a_wall_with_a_pinned_post_before_newer_ones(shared_dir: Path) -> None:
    found = read(shared_dir, "wall_get_club109125816_2020")
    first, second = found.ads[:2]
    assert (found.page_object, len(found.ads), found.problems) == ("vk_wall", 10, ())
    assert (first.external_id, first.url) == (
        "-109125816_519471",
        "https://vk.com/wall-109125816_519471",
    )
    assert first.text.startswith("😊Ура! Конкурс для Москвы!\nДрузья, совместно с нашим партнером")
    assert (first.n_views, first.is_edited) == (8887, True)
    assert first.published_at == datetime(2020, 6, 18, 19, 50, 21, tzinfo=UTC)
    assert second.published_at == datetime(2020, 6, 20, 12, 2, 21, tzinfo=UTC)
    assert second.text.startswith("Внимание, Санкт-Петербург, раздача с Софийской базы")
    assert [link.url for link in found.links] == [f"{WALL}&offset=10"]


def test_a_repost_is_what_was_reposted(shared_dir: Path) -> None:
    (ad,) = read(shared_dir, "vknet_Wall_Get_Geo_NormalCase").ads
    assert ad.text == "Мы оформляем храм...\n#пасха #весна #праздник #цветы #храм"
    assert (ad.external_id, ad.forwarded_from) == ("1563369_1164", "vk.com/club42895313")
    (extended,) = read(shared_dir, "vknet_Wall_Get_ExtendedVersion_GenerateOutParametersCorrectly").ads
    assert (extended.author, extended.forwarded_from) == ("Иван Иванов", "Корпорация Зла")
    assert extended.pictures == ("http://cs413130.vk.me/v413130344/9565/jCLiluawfXE.jpg",)


def test_a_search_goes_on_where_it_says(shared_dir: Path) -> None:
    url = "https://api.vk.com/method/newsfeed.search?q=%23x&v=5.199"
    found = read(shared_dir, "vknet_NewsFeed_Search_NextFrom_NotNull", url)
    assert [ad.external_id for ad in found.ads] == ["388444282_11454", "-31130529_49163", "-184898883_177"]
    assert found.ads[0].author == "Элина Стайл"
    assert [link.url for link in found.links] == [f"{url}&start_from=3%2F-184898883_177"]


def test_byte_order_mark_and_items_that_are_no_posts(shared_dir: Path) -> None:
    body = (shared_dir / "fixtures/vk/vknet_NewsFeed_Get2.json").read_bytes()
    assert body.startswith(b"\xef\xbb\xbf")
    found = read(shared_dir, "vknet_NewsFeed_Get2", "https://api.vk.com/method/newsfeed.get?v=5.199")
    n_posts = sum(item["type"] == "post" for item in json.loads(body)["response"]["items"])
    assert len(found.ads) == n_posts == 2
    assert found.ads[1].forwarded_from == "Российский Союз Молодёжи | Ставропольский край"


def test_a_stranger_cannot_speak_for_vk(shared_dir: Path) -> None:
    found = read(shared_dir, "wall_get_club109125816_2020", "https://evil.example/method/wall.get")
    assert (found.ads, found.is_complete) == ((), False)
