"""Pictures of stored pages, by a real Chromium that reaches nothing."""

import struct
import zlib
from datetime import datetime
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import select

from crawlers.evidence.browser import NoPicture, photograph
from crawlers.evidence.pictures import encode_anew, take_pictures, want_pictures
from models.blobs import BlobStore
from models.enums import EvidenceKind, PictureState
from models.evidence import Evidence, Picture
from models.review import ReviewTask
from models.session import Database
from tests.conftest import skip_unless_ci
from tests.factories import make_evidence, make_flagged_task
from tests.servers.site import ForbiddenListener

CHROMIUM = Path("/usr/bin/chromium")
HTML = "text/html; charset=utf-8"

browser = pytest.mark.browser


@pytest.fixture
def chromium() -> Path:
    if not CHROMIUM.exists():
        skip_unless_ci("Chromium is not installed (apt-get install chromium)")
    return CHROMIUM


def pixels(png: bytes) -> Image.Image:
    return Image.open(BytesIO(png)).convert("RGB")


@browser
def test_scripts_are_off_and_nothing_is_asked_of_anyone(chromium: Path) -> None:
    with ForbiddenListener() as listener:
        there = f"http://127.0.0.1:{listener.port}"
        page = f"""<html><head><link rel=stylesheet href="{there}/a.css"><link rel=preconnect href="{there}">
        <meta http-equiv=refresh content="0;url={there}/next"><base href="{there}/"></head>
        <body style="margin:0;background:#fff"><div style="height:3000px;background:#00ff00">Қазақша</div>
        <img src="{there}/i.png"><iframe src="{there}/f"></iframe><video src="{there}/v" autoplay></video>
        <script>document.body.style.background = 'red'; document.body.textContent = ''</script>
        </body></html>"""
        shot = photograph(chromium, page.encode(), url=f"{there}/page", content_type=HTML)
        assert listener.n_connections == 0
    image = pixels(shot.png)
    assert image.width == 1280
    assert image.height > 3000
    assert image.getpixel((640, 2000)) == (0, 255, 0)
    assert "Chrom" in shot.browser


@browser
def test_the_page_of_a_flagged_ad_gets_its_picture(
    sqlite_database: Database, now: datetime, chromium: Path
) -> None:
    store = BlobStore(sqlite_database.settings.evidence_dir)
    body = "<html><body>Жұмыс бар</body></html>".encode()
    store.put(body)
    with sqlite_database.write() as session:
        task = make_flagged_task(session, opened_at=now)
        page = session.get_one(ReviewTask, task.id).ad_version.page
        page.evidence_id = make_evidence(session, body).id
    assert want_pictures(sqlite_database, now=now).n_done == 1
    assert want_pictures(sqlite_database, now=now).n_done == 0
    assert take_pictures(sqlite_database, store, now=now).n_done == 1
    with sqlite_database.read() as session:
        picture = session.scalars(select(Picture)).one()
        assert (picture.state, picture.taken_at) == (PictureState.TAKEN, now)
        png = session.get_one(Evidence, picture.png_id)
    assert png.kind is EvidenceKind.PICTURE
    assert pixels(store.get(png.sha256)).width == 1280


def test_without_a_browser_the_row_says_so(sqlite_database: Database, now: datetime, tmp_path: Path) -> None:
    sqlite_database.settings = sqlite_database.settings.model_copy(update={"chromium": tmp_path / "none"})
    with sqlite_database.write() as session:
        session.add(Picture(evidence_id=make_evidence(session).id, wanted_at=now))
    store = BlobStore(sqlite_database.settings.evidence_dir)
    assert take_pictures(sqlite_database, store, now=now).n_done == 0
    with sqlite_database.read() as session:
        assert session.scalars(select(Picture.state)).one() is PictureState.NO_BROWSER


def test_a_browser_that_ends_gives_no_picture() -> None:
    with pytest.raises(NoPicture):
        photograph(Path("/bin/true"), b"", url="http://a.example/", content_type=HTML)


def test_only_the_pixels_go_on() -> None:
    out = BytesIO()
    Image.new("RGB", (4, 4), (1, 2, 3)).save(out, "PNG")
    text = b"tEXtComment\x00<script>"
    chunk = struct.pack(">I", len(text) - 4) + text + struct.pack(">I", zlib.crc32(text))
    marked = out.getvalue()[:33] + chunk + out.getvalue()[33:]
    assert b"<script>" in marked
    assert b"<script>" not in encode_anew(marked)
    with pytest.raises(NoPicture):
        encode_anew(b"GIF89a")
