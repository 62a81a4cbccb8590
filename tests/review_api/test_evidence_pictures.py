"""What stays of the pictures that an ad showed leaves with the evidence of its case."""

import json
import re
import subprocess
from datetime import datetime
from pathlib import Path

import pytest
from pypdf import PdfReader

from models.enums import AdPictureState, PictureProblem
from models.picture import AdPicture, ReadPicture, picture_key
from review_api.evidence.checking import stamp_command
from review_api.evidence.cover import Sheet
from review_api.i18n import load_words
from tests.review_api.acts import add_task
from tests.review_api.conftest import Room
from tests.review_api.test_evidence import capture_page, export, unpack


def cover_text(folder: Path) -> str:
    pages = PdfReader(folder / "cover" / "cover.pdf").pages
    return "\n".join(page.extract_text() for page in pages)


def test_a_package_lists_what_stays_of_the_ads_pictures(
    sqlite_room: Room, now: datetime, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    room, words = sqlite_room, "Бүйрек сатамын \U0001f600\n+7 701 123 45 67 " + "сөз " * 600 + "соңы"
    task = add_task(room)
    capture_page(room, task, now)
    digest = picture_key("poster")
    with room.db.write() as session:
        read = ReadPicture(
            sha256=digest, size_bytes=9, format="JPEG", perceptual_hash="c0ffee00c0ffee00", text=words,
            confidence=0.9, reader="tesseract", read_at=now,
        )  # fmt: skip
        session.add(read)
        session.flush()
        facts = [(AdPictureState.READ, None, read.id), (AdPictureState.NOT_READ, PictureProblem.SVG, None)]
        for n, (state, problem, picture_id) in enumerate(facts):
            url = f"https://cdn.example/{n}.jpg"
            row = AdPicture(
                ad_id=task.ad_id, url=url, url_sha256=picture_key(url), state=state, problem=problem,
                wanted_at=now, answered_at=now, picture_id=picture_id,
            )  # fmt: skip
            session.add(row)
    with caplog.at_level("WARNING"):
        folder = unpack(export(room, task), tmp_path)
    assert caplog.text == ""  # what a font has no letter for is no line of the log
    first, second = map(json.loads, (folder / "ad" / "pictures.jsonl").read_text().splitlines())
    assert (first["sha256"], first["perceptual_hash"]) == (digest, "c0ffee00c0ffee00")
    assert (first["words"], first["answered_at"]) == (words, now.isoformat())
    assert (second["problem"], second["words"], second["sha256"]) == ("svg", None, None)
    assert "ad/pictures.jsonl" in (folder / "verify" / "sha256sum.txt").read_text()
    text = cover_text(folder)
    for once_each in (digest, "c0ffee00c0ffee00", "Бүйрек сатамын □", "https://cdn.example/1.jpg"):
        assert text.count(once_each) == 2  # in Kazakh and in Russian
    assert "соңы" not in text
    for locale in ("kk", "ru"):
        named = [load_words(locale).text(key) for key in ("cover.ad_pictures", "pictureproblem.svg")]
        assert all(re.sub(r"\s+", "", words) in re.sub(r"\s+", "", text) for words in named)


@pytest.mark.parametrize("authority", ["one", "page-one", "a" * 64])
def test_commands_stand_on_the_sheet_as_they_are_typed(authority: str, tmp_path: Path) -> None:
    stem = f"stamps/01-0123456789ab-{authority}"
    command = stamp_command((f"{stem}.tsr", f"{stem}.pem"), "item")
    sheet = Sheet()
    sheet.add_page()
    sheet.code(command)
    (tmp_path / "cover").mkdir()
    sheet.output(str(tmp_path / "cover" / "cover.pdf"))
    lines = [line.strip() for line in cover_text(tmp_path).splitlines()]
    assert lines == [line.strip() for line in command.splitlines()]
    told = subprocess.run(
        ["sh", "-c", f'openssl() {{ echo $#: "$@"; }}; {command}'], capture_output=True, text=True, check=True
    )
    assert told.stdout == f"8: ts -verify -data item -in {stem}.tsr -CAfile {stem}.pem\n"
