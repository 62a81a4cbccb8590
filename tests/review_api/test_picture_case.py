"""A channel's picture the whole way: loopback site, crawl, Tesseract, classifier, the case people read."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from classifiers.artifacts import Installed
from classifiers.jobs import classify_pending
from classifiers.linking import link_pending
from crawlers.jobs import run_due_crawl
from crawlers.pictures.reader import find_tesseract
from crawlers.sources_config import SourceConfig
from index.documents import AdFacts, ContactSpot, build_document
from models.ad import Ad, Contact
from models.classification import Classification
from models.crawl import Host, Source
from models.enums import TextPlace
from models.picture import AdPicture, ReadPicture
from models.review import ReviewTask
from models.runs import start_manual_run
from models.worker import utc_now
from review_api.i18n import LOCALES, load_words
from review_api.jobs import open_review_tasks
from tests.conftest import skip_unless_ci
from tests.crawlers import drawing
from tests.crawlers.conftest import SITE_HOST
from tests.crawlers.drawing import KIDNEY_KK, as_file, draw
from tests.crawlers.test_picture_crawl import CDN, PAGES, channel, picture
from tests.review_api.conftest import People, Room
from tests.review_api.screens.conftest import browser
from tests.servers.site import Reply, Site


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """The loopback site of a channel and of its pictures."""
    if find_tesseract() is None or not drawing.FONT.exists():
        skip_unless_ci("Tesseract with kaz, rus, eng and DejaVu are needed (tests/install_servers.sh)")
    with Site(tmp_path / "journal.jsonl") as site:
        yield site


def crawl(room: Room, site: Site) -> None:
    """One run of the channel, as the worker makes it, and all that follows without people."""
    config = SourceConfig.model_validate(
        {
            "name": "test_channel", "kind": "channel", "title": "Channel", "start": [f"http://{SITE_HOST}/"],
            "schedule": {"every_minutes": 60}, "limits": {"delay_seconds": 0}, "pages": PAGES,
            "pictures": {"hosts": [CDN]},
        }
    )  # fmt: skip
    with room.db.write() as session:
        source = session.scalar(select(Source).where(Source.name == config.name))
        if source is None:
            source = Source(
                name=config.name, kind=config.kind, title=config.title, is_enabled=True, created_at=utc_now(),
                settings=config.model_dump(mode="json"), settings_sha256="",
            )  # fmt: skip
            session.add(source)
            session.flush()
        start_manual_run(session, source, utc_now())
    hosts = dict.fromkeys((SITE_HOST, CDN), site.address)
    settings = room.settings.model_copy(
        update={"loopback_allow": (site.address,), "host_overrides": hosts, "lease_seconds": 30}
    )
    assert run_due_crawl(room.db, settings, now=utc_now()).n_failed == 0


def understand(room: Room, installed: Installed) -> None:
    """What workers do with new texts."""
    while classify_pending(room.db, room.audit, installed, now=utc_now()).n_done:
        continue
    while link_pending(room.db, now=utc_now()).n_done:
        continue
    while open_review_tasks(room.db, room.audit, now=utc_now()).n_done:
        continue


def test_a_picture_alone_is_flagged_and_shown(
    sqlite_room: Room, sqlite_people: People, site: Site, installed: Installed
) -> None:
    room, poster = sqlite_room, draw(KIDNEY_KK, dark=True)
    site.routes["/"] = channel(
        {
            1: ("Толығырақ суретте", [f"http://{CDN}/1.jpg", f"http://{CDN}/bomb.png"]),
            2: ("Бүгін ауа райы жақсы", [f"http://{CDN}/2.jpg"]),
            3: ("", [f"http://{CDN}/1.jpg"]),
        }
    )
    site.routes[(CDN, "/1.jpg")] = picture(as_file(poster, "JPEG", quality=92))
    site.routes[(CDN, "/2.jpg")] = picture(
        as_file(poster.resize((poster.width // 2, poster.height // 2)), "JPEG")
    )
    site.routes[(CDN, "/bomb.png")] = picture(drawing.bomb())
    crawl(room, site)
    understand(room, installed)
    with room.db.read() as session:
        ad = session.scalars(select(Ad).where(Ad.external_id == "test/1")).one()
        version = ad.current_version
        assert version is not None
        task = session.scalars(select(ReviewTask).where(ReviewTask.ad_id == ad.id)).one()
        assert task.ad_version_id == version.id
        found = session.get_one(Classification, task.classification_id)
        assert found.is_flagged
        texts = {
            TextPlace.TITLE: version.title,
            TextPlace.TEXT: version.text,
            TextPlace.PICTURE: version.picture_text or "",
        }
        for hit in found.hits:
            assert texts[hit.place][hit.start : hit.end] == hit.quote
        assert TextPlace.PICTURE in {hit.place for hit in found.hits if hit.is_counted}
        of_bare = select(ReviewTask.id).join(Ad, ReviewTask.ad_id == Ad.id).where(Ad.external_id == "test/3")
        bare_id = session.scalars(of_bare).one()
        task_id, read = task.id, session.scalars(select(ReadPicture).order_by(ReadPicture.id)).all()
        contacts = session.scalars(select(Contact).where(Contact.ad_version_id == version.id)).all()
        spots = [ContactSpot(c.value, c.place, c.start, c.end) for c in contacts]
        document = build_document(ad, AdFacts(version=version, contacts=spots))
        assert "Бүйрек" in document.text
        ((start, end),) = document.contact_spans[TextPlace.TEXT]
        assert document.text[start:end].endswith("701 123 45 67")
    for locale in LOCALES:
        words = load_words(locale)
        page = browser(room, sqlite_people.analyst.name, locale).get(f"/cases/{task_id}").text
        assert words.text("picture.read_by_machine") in page
        assert words.text("pictureproblem.too_many_pixels") in page
        section = re.search(r'<section[^>]*aria-labelledby="pictures".*?</section>', page, re.DOTALL)
        assert section is not None
        assert re.search(r"<mark[^>]*>Бүйрек сатамын</mark>", section[0])
        assert "123 45" not in page  # contacts in pictures are masked, too
        assert read[0].sha256 in section[0] or read[1].sha256 in section[0]
        assert re.search(rf"{words.text('picture.elsewhere')}</dt><dd>2</dd>", section[0])
        assert words.text("case.no_text_but_pictures") not in page
        bare = browser(room, sqlite_people.analyst.name, locale).get(f"/cases/{bare_id}").text
        assert words.text("case.no_text_but_pictures") in bare
        confidence = words.text("picture.confidence", percent="PERCENT").partition("PERCENT")[0]
        assert confidence in section[0]
        unread = browser(room, sqlite_people.analyst.name, locale).get("/unread").text
        assert words.text("pictureproblem.too_many_pixels") in unread


def test_words_that_come_late_are_a_newer_version_of_a_claimed_case(
    sqlite_room: Room, sqlite_people: People, site: Site, installed: Installed
) -> None:
    room, client = sqlite_room, sqlite_room.client(sqlite_people.analyst.name)
    late = f"http://{CDN}/1.png"
    site.routes["/"] = channel({1: ("Бүйрек сатамын, өте шұғыл", [late])})
    site.routes[(CDN, "/1.png")] = Reply(status=503, headers={"Retry-After": "1"})
    crawl(room, site)
    understand(room, installed)
    with room.db.read() as session:
        task = session.scalars(select(ReviewTask)).one()
        task_id, shown_id = task.id, task.ad_version_id
    assert client.post(f"/api/v1/tasks/{task_id}/claim").status_code == 200
    waiting = client.get(f"/api/v1/tasks/{task_id}").json()
    assert [one["state"] for one in waiting["pictures"]] == ["wanted"]
    with room.db.write() as session:  # the host's rest is over
        for host in session.scalars(select(Host)):
            host.paused_until, host.next_request_at, host.n_refusals = None, None, 0
    site.routes[(CDN, "/1.png")] = picture(as_file(draw(KIDNEY_KK)))
    crawl(room, site)
    understand(room, installed)
    detail = client.get(f"/api/v1/tasks/{task_id}").json()
    assert (detail["version"]["id"], detail["has_newer_version"]) == (shown_id, True)
    assert detail["version"]["picture_text"] == ""
    assert "reject" not in detail["actions"]
    assert client.post(f"/api/v1/tasks/{task_id}/show-newest").status_code == 204
    newest = client.get(f"/api/v1/tasks/{task_id}").json()
    assert "Бүйрек" in newest["version"]["picture_text"]
    assert newest["version"]["text"] == detail["version"]["text"]
    (read,) = newest["pictures"]
    assert newest["version"]["picture_text"][read["start"] : read["end"]].startswith("Бүйрек")
    with room.db.read() as session:
        assert session.scalars(select(AdPicture)).one().picture_id is not None
