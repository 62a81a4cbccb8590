"""Pictures of a channel's messages on the way from a loopback site to versions of ads."""

import hashlib
import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select

from crawlers.checking import check_source
from crawlers.jobs import run_due_crawl
from crawlers.pictures.commands import picture_findings
from crawlers.pictures.reader import find_tesseract
from crawlers.reextracting import reextract
from crawlers.sandbox import ParserChild
from models.ad import Ad, AdVersion
from models.blobs import BlobStore
from models.enums import AdPictureState, FetchResult, PictureProblem, RequestState, RunState
from models.evidence import Evidence
from models.picture import AdPicture, PictureBand, ReadPicture
from models.worker import utc_now
from tests.conftest import open_database, skip_unless_ci
from tests.crawlers import drawing
from tests.crawlers.conftest import SITE_HOST, CrawlBench, bench_settings
from tests.crawlers.drawing import KIDNEY_KK, KIDNEY_RU, as_file, draw
from tests.servers.site import Reply, Site

CDN = "cdn.example"
PAGES = [{"match": ".", "page_object": "telegram_channel"}]


@pytest.fixture(autouse=True)
def _recogniser() -> None:
    if find_tesseract() is None or not drawing.FONT.exists():
        skip_unless_ci("Tesseract with kaz, rus, eng and DejaVu are needed (tests/install_servers.sh)")


@pytest.fixture
def bench(tmp_path: Path, site: Site) -> Iterator[CrawlBench]:
    """A bench whose site serves pictures, too, under another host's name."""
    settings = bench_settings(tmp_path / "var", site, [SITE_HOST, CDN, "elsewhere.example"])
    db = open_database(settings)
    yield CrawlBench(site, settings, db)
    db.close()


def channel(posts: dict[int, tuple[str, list[str]]]) -> Reply:
    """A channel's preview: text and addresses of pictures by number of the message."""
    messages = "".join(
        f'<div class="tgme_widget_message_wrap"><div class="tgme_widget_message" data-post="test/{n}">'
        + "".join(
            f'<a class="tgme_widget_message_photo_wrap" style="background-image:url(\'{url}\')"></a>'
            for url in urls
        )
        + (f'<div class="tgme_widget_message_text js-message_text">{text}</div>' if text else "")
        + f'<a class="tgme_widget_message_date" href="http://{SITE_HOST}/test/{n}">'
        '<time datetime="2026-11-20T10:00:00+00:00">10:00</time></a></div></div>'
        for n, (text, urls) in posts.items()
    )
    return Reply(
        f"<html><body><section class='tgme_channel_history'>{messages}</section></body></html>".encode()
    )


def picture(body: bytes, content_type: str = "image/jpeg") -> Reply:
    return Reply(body, content_type=content_type)


def add_source(bench: CrawlBench, **pictures: Any) -> int:
    return bench.add_source(kind="channel", pages=PAGES, pictures={"hosts": [CDN], **pictures})


def states(bench: CrawlBench) -> dict[str, tuple[AdPictureState, PictureProblem | None]]:
    with bench.db.read() as session:
        rows = session.scalars(select(AdPicture).order_by(AdPicture.id))
        return {row.url: (row.state, row.problem) for row in rows}


def asked(bench: CrawlBench, host: str = CDN) -> list[str]:
    return [line.path for line in bench.site.served() if line.host.partition(":")[0] == host]


def test_words_of_a_picture_become_a_version_of_its_ad(bench: CrawlBench) -> None:
    body = as_file(draw(KIDNEY_KK), "JPEG", quality=90)
    bench.site.routes["/"] = channel(
        {1: ("Толығырақ суретте", [f"http://{CDN}/1.jpg"]), 2: ("Сурет жоқ", [])}
    )
    bench.site.routes[(CDN, "/1.jpg")] = picture(body)
    run = bench.crawl(add_source(bench))
    assert (run.state, run.n_pages, run.n_failed) == (RunState.DONE, 1, 0)
    ads = bench.ads()
    assert ads["test/1"].text == "Толығырақ суретте"
    assert "Бүйрек сатамын" in (ads["test/1"].picture_text or "")
    assert ads["test/1"].number == 2
    assert (ads["test/2"].picture_text, ads["test/2"].number) == (None, 1)
    with bench.db.read() as session:
        read = session.scalars(select(ReadPicture)).one()
        assert read.sha256 == hashlib.sha256(body).hexdigest()
        assert (read.size_bytes, read.format, read.problem) == (len(body), "jpeg", None)
        assert read.confidence is not None
        assert len(session.scalars(select(PictureBand)).all()) == 4
        first, second = session.scalars(
            select(AdVersion).join(Ad, AdVersion.ad_id == Ad.id).where(Ad.external_id == "test/1")
        )
        assert (first.picture_text, second.page_sha256) == (None, first.content_sha256)
        assert second.content_sha256 != first.content_sha256
    assert states(bench) == {f"http://{CDN}/1.jpg": (AdPictureState.READ, None)}


def test_no_byte_of_a_picture_is_kept(bench: CrawlBench) -> None:
    body = as_file(draw(KIDNEY_RU), "JPEG")
    bench.site.routes["/"] = channel({1: ("Текст", [f"http://{CDN}/1.jpg"])})
    bench.site.routes[(CDN, "/1.jpg")] = picture(body)
    bench.crawl(add_source(bench))
    files = [path for path in bench.settings.data_dir.rglob("*") if path.is_file()]
    assert files
    assert not [path for path in files if body[200:400] in path.read_bytes()]
    with bench.db.read() as session:
        assert len(session.scalars(select(Evidence)).all()) == 1
    assert [page.url for page in bench.pages()] == [f"http://{SITE_HOST}/"]


def test_only_a_source_that_asks_for_it_has_its_pictures_fetched(bench: CrawlBench) -> None:
    bench.site.routes["/"] = channel({1: ("Текст", [f"http://{CDN}/1.jpg", f"http://{SITE_HOST}/2.jpg"])})
    bench.crawl(bench.add_source(pages=PAGES))
    assert {line.path for line in bench.site.served()} == {"/robots.txt", "/"}
    assert states(bench) == {}


def test_nothing_is_fetched_beyond_what_the_file_allows(bench: CrawlBench) -> None:
    elsewhere = "http://elsewhere.example/3.jpg"
    urls = [f"http://{CDN}/1.jpg", elsewhere, f"http://{CDN}/4.jpg", "http://127.0.0.1/5.jpg"]
    bench.site.routes["/"] = channel({1: ("Текст", urls)})
    bench.site.routes[(CDN, "/1.jpg")] = Reply(status=302, headers={"Location": elsewhere})
    bench.crawl(add_source(bench, max_per_ad=2))
    refused = (AdPictureState.NOT_READ, PictureProblem.OTHER_HOST)
    assert states(bench) == {
        urls[0]: (AdPictureState.NOT_READ, PictureProblem.NOT_FETCHED),
        elsewhere: refused,
        urls[2]: (AdPictureState.NOT_READ, PictureProblem.TOO_MANY),
        urls[3]: refused,
    }
    assert asked(bench) == ["/robots.txt", "/1.jpg"]
    assert asked(bench, "elsewhere.example") == []


def test_robots_and_refusals_hold_for_pictures(bench: CrawlBench) -> None:
    bench.site.routes["/"] = channel({1: ("Текст", [f"http://{CDN}/private/1.jpg", f"http://{CDN}/2.jpg"])})
    bench.site.routes[(CDN, "/robots.txt")] = Reply(
        b"User-agent: *\nDisallow: /private", content_type="text/plain"
    )
    bench.site.routes[(CDN, "/2.jpg")] = Reply(status=404)
    run = bench.crawl(add_source(bench))
    assert run.state is RunState.DONE
    assert states(bench) == {
        f"http://{CDN}/private/1.jpg": (AdPictureState.NOT_READ, PictureProblem.REFUSED),
        f"http://{CDN}/2.jpg": (AdPictureState.NOT_READ, PictureProblem.GONE),
    }
    assert asked(bench) == ["/robots.txt", "/2.jpg"]


def test_hostile_pictures_are_named_and_their_ads_stay(bench: CrawlBench) -> None:
    whole = as_file(draw(KIDNEY_RU))
    hostile: dict[str, tuple[bytes, PictureProblem]] = {
        "bomb.png": (drawing.bomb(), PictureProblem.TOO_MANY_PIXELS),
        "cut.png": (whole[: len(whole) // 2], PictureProblem.TRUNCATED),
        "script.svg": (
            b"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>",
            PictureProblem.SVG,
        ),
        "page.jpg": (b"<html><body>Hello</body></html>", PictureProblem.NOT_A_PICTURE),
        "long.jpg": (b"\xff\xd8\xff" + bytes(70_000), PictureProblem.OVERSIZE),
    }
    urls = {name: f"http://{CDN}/{name}" for name in hostile}
    bench.site.routes["/"] = channel({n: (f"Текст {n}", [url]) for n, url in enumerate(urls.values())})
    for name, (body, _) in hostile.items():
        bench.site.routes[(CDN, f"/{name}")] = picture(body)
    source_id = bench.add_source(
        kind="channel", pages=PAGES, pictures={"hosts": [CDN]}, limits={"max_body_bytes": 60_000}
    )
    run = bench.crawl(source_id)
    assert (run.state, len(bench.ads())) == (RunState.DONE, len(hostile))
    assert states(bench) == {
        urls[name]: (AdPictureState.NOT_READ, problem) for name, (_, problem) in hostile.items()
    }
    assert not [version for version in bench.ads().values() if version.picture_text]


def test_the_first_frame_of_many_is_read_and_the_picture_is_not_whole(bench: CrawlBench) -> None:
    url = f"http://{CDN}/1.gif"
    bench.site.routes["/"] = channel({1: ("", [url])})
    bench.site.routes[(CDN, "/1.gif")] = picture(drawing.gif([draw(KIDNEY_RU), draw("Другое")]))
    bench.crawl(add_source(bench))
    assert states(bench) == {url: (AdPictureState.NOT_READ, PictureProblem.MORE_FRAMES)}
    assert "почку" in (bench.ads()["test/1"].picture_text or "")


def test_a_picture_is_fetched_once_and_bytes_are_read_once(bench: CrawlBench) -> None:
    body = as_file(draw(KIDNEY_RU))
    same, other = f"http://{CDN}/1.png", f"http://{CDN}/copy.png"
    bench.site.routes["/"] = channel({1: ("Первое", [same]), 2: ("Второе", [same]), 3: ("Третье", [other])})
    bench.site.routes[(CDN, "/1.png")] = bench.site.routes[(CDN, "/copy.png")] = picture(body)
    source_id = add_source(bench)
    bench.crawl(source_id)
    assert sorted(asked(bench)) == ["/1.png", "/copy.png", "/robots.txt"]
    assert bench.count(ReadPicture) == 1
    texts = {version.picture_text for version in bench.ads().values()}
    assert len(texts) == 1
    assert None not in texts
    # The same page again, and one more message with an address that is known: nothing is fetched.
    bench.site.routes["/"] = channel({n: (f"Т{n}", [same]) for n in (4, 5)} | {1: ("Первое", [same])})
    run = bench.crawl(source_id)
    assert sorted(asked(bench)) == ["/1.png", "/copy.png", "/robots.txt"]
    assert run.state is RunState.DONE
    assert {version.picture_text for version in bench.ads().values()} == texts
    assert bench.ads()["test/1"].number == 2


def test_an_edit_brings_a_version_with_the_words_that_are_known(bench: CrawlBench) -> None:
    url = f"http://{CDN}/1.png"
    bench.site.routes["/"] = channel({1: ("Сначала", [url])})
    bench.site.routes[(CDN, "/1.png")] = picture(as_file(draw(KIDNEY_RU)))
    source_id = add_source(bench)
    bench.crawl(source_id)
    bench.site.routes["/"] = channel({1: ("Потом", [url])})
    bench.crawl(source_id)
    edited = bench.ads()["test/1"]
    assert (edited.text, edited.number) == ("Потом", 4)
    assert "почку" in (edited.picture_text or "")
    bench.site.routes["/"] = channel({1: ("Сначала", [url])})
    bench.crawl(source_id)
    back = bench.ads()["test/1"]
    assert (back.text, back.number) == ("Сначала", 2)
    assert "почку" in (back.picture_text or "")


def test_extracting_again_needs_no_picture(bench: CrawlBench) -> None:
    url = f"http://{CDN}/1.png"
    bench.site.routes["/"] = channel({1: ("Текст", [url])})
    bench.site.routes[(CDN, "/1.png")] = picture(as_file(draw(KIDNEY_RU)))
    bench.crawl(add_source(bench))
    before, n_served = bench.ads()["test/1"], len(bench.site.served())
    with ParserChild() as parser:
        report = reextract(bench.db, BlobStore(bench.settings.evidence_dir), parser, now=utc_now())
    assert report.n_pages == 1
    after = bench.ads()["test/1"]
    assert (after.id, after.picture_text) == (before.id, before.picture_text)
    assert len(bench.site.served()) == n_served


def test_without_tesseract_nothing_is_fetched_and_the_picture_waits(
    bench: CrawlBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"http://{CDN}/1.png"
    bench.site.routes["/"] = channel({1: ("Текст", [url])})
    bench.site.routes[(CDN, "/1.png")] = picture(as_file(draw(KIDNEY_RU)))
    source_id = add_source(bench)
    path = os.environ["PATH"]
    find_tesseract.cache_clear()
    monkeypatch.setenv("PATH", "/nowhere")
    bench.crawl(source_id)
    assert states(bench) == {url: (AdPictureState.WANTED, PictureProblem.NO_READER)}
    assert asked(bench) == []
    # Once it is installed, the next run asks for what waits.
    find_tesseract.cache_clear()
    monkeypatch.setenv("PATH", path)
    bench.crawl(source_id)
    assert states(bench) == {url: (AdPictureState.READ, None)}
    assert "почку" in (bench.ads()["test/1"].picture_text or "")


def test_pictures_have_room_of_their_own_and_say_nothing_of_the_run(bench: CrawlBench) -> None:
    urls = [f"http://{CDN}/{n}.png" for n in range(3)]
    bench.site.routes["/"] = channel({n: (f"Т{n}", [url]) for n, url in enumerate(urls)})
    for n in range(3):
        bench.site.routes[(CDN, f"/{n}.png")] = picture(as_file(draw(f"Объявление {n}")))
    source_id = bench.add_source(
        kind="channel", pages=PAGES, pictures={"hosts": [CDN], "max_per_run": 2}, limits={"max_pages": 1}
    )
    assert bench.crawl(source_id).state is RunState.DONE
    assert sum(state is AdPictureState.READ for state, _ in states(bench).values()) == 2
    # The page is gone meanwhile: that the last picture still came makes no good run of it.
    bench.site.routes["/"] = Reply(status=403)
    assert bench.crawl(source_id).state is RunState.FAILED
    assert {state for state, _ in states(bench).values()} == {AdPictureState.READ}


def test_a_picture_at_the_address_of_a_page_hides_no_page(bench: CrawlBench) -> None:
    page = f"http://{SITE_HOST}/"
    bench.site.routes["/"] = channel({1: ("Текст", [page, f"http://{SITE_HOST}/test/1"])})
    run = bench.crawl(add_source(bench))
    assert run.state is RunState.DONE
    assert [stored.url for stored in bench.pages()] == [page]
    assert states(bench)[page] == (AdPictureState.NOT_READ, PictureProblem.NOT_A_PICTURE)


def test_words_do_not_wait_for_a_picture_that_does_not_come(bench: CrawlBench) -> None:
    good, late = f"http://{CDN}/1.png", f"http://{SITE_HOST}/2.png"
    bench.site.routes["/"] = channel({1: ("Текст", [good, late])})
    bench.site.routes[(CDN, "/1.png")] = picture(as_file(draw(KIDNEY_RU)))
    three_days = {"Retry-After": str(3 * 86_400)}
    bench.site.routes["/2.png"] = Reply(status=503, headers=three_days)
    run = bench.crawl(add_source(bench))
    assert states(bench) == {good: (AdPictureState.READ, None), late: (AdPictureState.WANTED, None)}
    assert run.finished_at is not None
    assert "почку" in (bench.ads()["test/1"].picture_text or "")


def test_a_server_that_stumbles_is_asked_again(bench: CrawlBench) -> None:
    url = f"http://{CDN}/1.png"
    replies = [Reply(status=500), picture(as_file(draw(KIDNEY_RU)))]
    bench.site.routes["/"] = channel({1: ("Текст", [url])})
    bench.site.routes[(CDN, "/1.png")] = lambda _host, _headers: replies.pop(0)
    bench.crawl(add_source(bench))
    assert states(bench) == {url: (AdPictureState.READ, None)}
    assert bench.requests()[url] == (RequestState.DONE, FetchResult.PAGE, None)


def test_a_crawl_that_is_killed_over_a_picture_fetches_it_again(
    bench: CrawlBench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"http://{CDN}/1.png"
    bench.site.routes["/"] = channel({1: ("Текст", [url])})
    bench.site.routes[(CDN, "/1.png")] = picture(as_file(draw(KIDNEY_RU)))
    killer = tmp_path / "bin" / "tesseract"
    killer.parent.mkdir()
    killer.write_text(
        f"#!/bin/sh\n[ $1 = --list-langs ] && exec {find_tesseract()} --list-langs\n"
        f"/bin/mkdir {tmp_path}/killed 2>/dev/null && kill -9 $(/bin/ps -o ppid= -p $PPID)\n"
        f'exec {find_tesseract()} "$@"\n'
    )
    killer.chmod(0o755)
    find_tesseract.cache_clear()
    monkeypatch.setenv("PATH", f"{killer.parent}:{os.environ['PATH']}")
    run = bench.crawl(add_source(bench))
    assert (tmp_path / "killed").is_dir()
    assert (run.state, run.error) == (RunState.DUE, "crawl_process_ended_-9")
    assert states(bench) == {url: (AdPictureState.WANTED, None)}
    run_due_crawl(bench.db, bench.settings, now=utc_now() + timedelta(minutes=1))
    find_tesseract.cache_clear()
    assert states(bench) == {url: (AdPictureState.READ, None)}
    assert bench.count(ReadPicture) == 1
    assert bench.ads()["test/1"].number == 2


def test_check_shows_pictures_and_fetches_none(bench: CrawlBench) -> None:
    bench.site.routes["/"] = channel({1: ("Текст", [f"http://{CDN}/1.png"]), 2: ("Ещё", [])})
    add_source(bench)
    checked = check_source(bench.db, bench.settings, "test_source")
    assert "  pictures: filled in 1 of 2" in list(checked.lines())
    assert asked(bench) == []


def test_doctor_says_what_reads_pictures(bench: CrawlBench, monkeypatch: pytest.MonkeyPatch) -> None:
    home = SimpleNamespace(database=bench.db)
    (found,) = picture_findings(home)  # type: ignore[arg-type]
    assert (found.is_well, str(find_tesseract()) in found.text) == (True, True)
    monkeypatch.setenv("PATH", "/nowhere")
    (found,) = picture_findings(home)  # type: ignore[arg-type]
    assert (found.is_well, "not installed" in found.text) == (True, True)
    add_source(bench)
    (found,) = picture_findings(home)  # type: ignore[arg-type]
    assert not found.is_well
    assert "test_source" in found.text
    assert "tesseract-ocr-kaz" in found.text
