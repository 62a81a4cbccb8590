"""Reading one picture in its child, with the real Tesseract: what it says, and what hostile ones come to."""

import os
import signal
import subprocess
import sys
import threading
import time
from difflib import SequenceMatcher
from pathlib import Path

import pytest
from PIL import Image

from crawlers.pictures.items import PictureReading, from_json, to_json
from crawlers.pictures.reader import PictureReader, find_tesseract, missing_languages
from models.enums import PictureProblem
from models.picture import MAX_BITS_APART, bands_of, bits_apart
from tests.conftest import skip_unless_ci
from tests.crawlers import drawing
from tests.crawlers.drawing import KIDNEY_EN, KIDNEY_KK, KIDNEY_RU, as_file, draw


@pytest.fixture(scope="module")
def reader() -> PictureReader:
    tesseract = find_tesseract()
    if tesseract is None or not drawing.FONT.exists():
        skip_unless_ci("Tesseract with kaz, rus, eng and DejaVu are needed (tests/install_servers.sh)")
    assert tesseract is not None
    return PictureReader(tesseract)


def likeness(found: str | None, drawn: str) -> float:
    words = (" ".join((text or "").split()) for text in (found, drawn))
    return SequenceMatcher(None, *words, autojunk=False).ratio()


@pytest.mark.parametrize("text", [KIDNEY_KK, KIDNEY_RU, KIDNEY_EN], ids=["kk", "ru", "en"])
@pytest.mark.parametrize(
    "look",
    [{}, {"size": 15}, {"dark": True}, {"turned": 4}, {"turned": -8}, {"turned": 90}, {"noise": 25}],
    ids=["plain", "small", "dark", "slanted", "more_slanted", "on_its_side", "noisy"],
)
def test_words_of_a_poster_are_read(reader: PictureReader, text: str, look: dict[str, float]) -> None:
    found = reader.read(as_file(draw(text, **look)))  # type: ignore[arg-type]
    assert found.problem is None
    assert likeness(found.text, text) >= 0.95
    assert found.confidence is not None
    assert found.confidence > 0.8
    assert found.reader == "tesseract kaz+rus+eng"


@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "GIF"])
def test_every_format_of_the_web_is_read(reader: PictureReader, kind: str) -> None:
    found = reader.read(as_file(draw(KIDNEY_KK), kind))
    assert (found.format, found.problem) == (kind.lower(), None)
    assert likeness(found.text, KIDNEY_KK) >= 0.95


@pytest.mark.parametrize("ink", [0, 255], ids=["black", "white"])
def test_letters_on_nothing_are_seen(reader: PictureReader, ink: int) -> None:
    letters = draw(KIDNEY_RU).convert("L").point(lambda value: 255 - value)
    picture = Image.merge("LA", (Image.new("L", letters.size, ink), letters))
    assert likeness(reader.read(as_file(picture)).text, KIDNEY_RU) >= 0.95


def test_a_picture_without_words_says_nothing(reader: PictureReader) -> None:
    found = reader.read(as_file(Image.linear_gradient("L").resize((800, 600)), "JPEG"))
    assert (found.text, found.confidence, found.problem) == ("", None, None)


def test_hostile_pictures_have_names(reader: PictureReader) -> None:
    whole = as_file(draw(KIDNEY_RU))
    svg = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
    hostile = {
        "bomb": drawing.bomb(),
        "long": drawing.bomb(20_000, 10),
        "cut_png": whole[: len(whole) // 2],
        "cut_jpeg": (jpeg := as_file(draw(KIDNEY_RU), "JPEG"))[: len(jpeg) // 2],
        "svg": svg,
        "html.jpg": b"<!doctype html><html><body><svg></svg>Enter your password</body></html>",
        "empty": b"",
        "bmp": as_file(draw("x"), "BMP"),
        "avif": b"\x00\x00\x00\x1cftypavif\x00\x00\x00\x00",
        "head_only": whole[:8],
        "jpeg_head": b"\xff\xd8\xff\xe0" + os.urandom(500),
        "frames": drawing.gif([draw(KIDNEY_RU), draw(KIDNEY_RU[::-1])]),
    }
    found = {name: reader.read(body) for name, body in hostile.items()}
    assert {name: reading.problem for name, reading in found.items()} == {
        "bomb": PictureProblem.TOO_MANY_PIXELS,
        "long": PictureProblem.TOO_MANY_PIXELS,
        "cut_png": PictureProblem.TRUNCATED,
        "cut_jpeg": PictureProblem.TRUNCATED,
        "svg": PictureProblem.SVG,
        "html.jpg": PictureProblem.NOT_A_PICTURE,
        "empty": PictureProblem.NOT_A_PICTURE,
        "bmp": PictureProblem.UNKNOWN_FORMAT,
        "avif": PictureProblem.UNKNOWN_FORMAT,
        "head_only": PictureProblem.DAMAGED,
        "jpeg_head": PictureProblem.DAMAGED,
        "frames": PictureProblem.MORE_FRAMES,
    }
    assert (found["bomb"].width, found["bomb"].height) == (50_000, 50_000)


def test_of_ten_thousand_frames_the_first_is_read_and_the_rest_is_said(reader: PictureReader) -> None:
    first = as_file(draw(KIDNEY_RU).quantize(16), "GIF")
    assert first.endswith(b";")
    frame = b"!\xf9\x04\x00\x02\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00"
    found = reader.read(first[:-1] + frame * 9_999 + b";")
    assert found.problem is PictureProblem.MORE_FRAMES
    assert likeness(found.text, KIDNEY_RU) >= 0.95


def test_the_largest_picture_that_is_taken_fits_into_the_memory(reader: PictureReader) -> None:
    picture = Image.new("RGBA", (6300, 6300), (250, 250, 250, 200))
    picture.paste(draw(KIDNEY_RU, size=140), (100, 100))
    found = reader.read(as_file(picture))
    assert found.problem is None
    assert likeness(found.text, KIDNEY_RU) >= 0.95


def test_a_child_without_memory_or_time_says_so() -> None:
    tesseract = find_tesseract() or Path("/nowhere")
    body = as_file(draw(KIDNEY_RU))
    starved = PictureReader(tesseract, memory_bytes=40 * 1024 * 1024).read(body)
    assert (starved.problem, starved.format, starved.text) == (PictureProblem.READER_DIED, "png", None)
    hurried = PictureReader(tesseract, timeout_seconds=0).read(body)
    assert (hurried.problem, hurried.text) == (PictureProblem.TIMED_OUT, None)


def test_a_recogniser_that_hangs_ends_with_its_picture(tmp_path: Path) -> None:
    stuck = tmp_path / "tesseract"
    stuck.write_text(f"#!/bin/sh\necho $$ > {tmp_path}/pid\nexec sleep 600\n")
    stuck.chmod(0o755)
    # The child may write no file, so the program names itself through the list of processes instead.
    stuck.write_text("#!/bin/sh\nexec sleep 600.25\n")
    found = PictureReader(stuck, timeout_seconds=4).read(as_file(draw("x")))
    assert found.problem is PictureProblem.TIMED_OUT
    listed = subprocess.run(["pgrep", "-f", "sleep 600.25"], capture_output=True, check=False)
    assert listed.stdout == b""


def test_the_child_can_write_no_file_and_sees_no_environment(tmp_path: Path) -> None:
    spy = tmp_path / "tesseract"
    report = tmp_path / "report"
    report.touch()
    spy.write_text(f"#!/bin/sh\nenv > {report}\nexit 1\n")
    spy.chmod(0o755)
    os.environ["SAQSHY_SPY"] = "secret"
    try:
        found = PictureReader(spy).read(as_file(draw("x")))
    finally:
        del os.environ["SAQSHY_SPY"]
    assert found.problem is PictureProblem.READER_DIED
    assert found.perceptual_hash is not None
    assert report.read_bytes() == b""


def test_an_interrupt_of_the_terminal_is_the_parents_business(reader: PictureReader) -> None:
    before = set(_children())
    found: list[PictureReading] = []
    thread = threading.Thread(target=lambda: found.append(reader.read(as_file(draw(KIDNEY_RU)))))
    thread.start()
    while not (new := set(_children()) - before):
        time.sleep(0.01)
    time.sleep(0.3)
    for process_id in new:
        os.kill(process_id, signal.SIGINT)
    thread.join()
    assert found[0].problem is None


def _children() -> list[int]:
    listed = subprocess.run(["pgrep", "-P", str(os.getpid())], capture_output=True, check=False)
    return [int(line) for line in listed.stdout.split()]


def test_an_answer_of_the_child_is_not_trusted() -> None:
    reading = PictureReading(None, "png", 10, 20, "0123456789abcdef", "сөз", 0.5, "tesseract kaz")
    assert from_json(to_json(reading)) == reading
    lies = [
        b"[]", b"{", b'{"format":"svg"}', b'{"width":-1}', b'{"width":"9"}', b'{"perceptual_hash":"../x"}',
        b'{"confidence":7}', b'{"problem":"fine"}', b'{"other":1}', b'{"text":["a"]}', b'{"text":7}',
    ]  # fmt: skip
    for lie in lies:
        with pytest.raises((ValueError, KeyError, TypeError)):
            from_json(lie)
    assert from_json(b'{"text":"a\\u0000b"}').text == "ab"


def test_a_picture_sent_on_keeps_its_hash_and_another_has_another(reader: PictureReader) -> None:
    original = draw(KIDNEY_KK, dark=True)
    smaller = original.resize((original.width // 2, original.height // 2))
    hashes = [
        reader.read(as_file(picture, "JPEG", quality=quality)).perceptual_hash or ""
        for picture, quality in ((original, 95), (original, 40), (smaller, 70))
    ]
    assert all(bits_apart(hashes[0], other) <= MAX_BITS_APART for other in hashes)
    for other in hashes:
        assert set(bands_of(hashes[0])) & set(bands_of(other))
    another = reader.read(as_file(draw(KIDNEY_RU, dark=True), "JPEG")).perceptual_hash or ""
    assert bits_apart(hashes[0], another) > MAX_BITS_APART


def test_a_tesseract_without_kazakh_is_none(tmp_path: Path) -> None:
    poor = tmp_path / "tesseract"
    poor.write_text("#!/bin/sh\necho List of available languages:\necho eng\necho osd\necho rus\n")
    poor.chmod(0o755)
    assert missing_languages(poor) == ("kaz",)
    assert missing_languages(tmp_path / "nothing") == ("kaz", "rus", "eng")


def test_decoders_stay_out_of_the_processes_that_crawl() -> None:
    code = "import sys, crawlers.crawl_process; print(*({'PIL', 'imagehash'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert done.stdout.split() == []
