"""What was understood of one picture, as plain values that cross the border of the child."""

import re
from dataclasses import asdict, dataclass
from typing import Any

import orjson

from crawlers.decode import storable
from models.enums import PictureProblem

MAX_TEXT_CHARACTERS = 20_000
# What pictures are read in, all three at once.
LANGUAGES = ("kaz", "rus", "eng")
FORMATS = ("jpeg", "png", "webp", "gif")
_HASH = re.compile(r"[0-9a-f]{16}")


@dataclass(frozen=True, slots=True)
class PictureReading:
    """One picture's facts and words.

    Attributes:
        format: one of ``FORMATS``, by the first bytes; None for anything else.
        width: pixels, as stored in the file; None where that could not be read.
        height: likewise.
        perceptual_hash: 64 bits in hexadecimal; None where the picture could not be decoded.
        problem: why it was not read, or not whole; None = all of it was.
        text: lines of words; "" = none found, None = not looked for.
        confidence: of the recogniser in these words, 0 to 1; None without words.
        reader: which recogniser, with its languages.
    """

    problem: PictureProblem | None = None
    format: str | None = None
    width: int | None = None
    height: int | None = None
    perceptual_hash: str | None = None
    text: str | None = None
    confidence: float | None = None
    reader: str | None = None


def to_json(reading: PictureReading) -> bytes:
    """JSON form of a reading; :func:`from_json` gives an equal one back."""
    return orjson.dumps(asdict(reading))


def from_json(data: bytes) -> PictureReading:
    """Read what :func:`to_json` wrote, trusting none of it: the child had hostile bytes in its hands.

    Raises:
        ValueError, KeyError, TypeError: no reading, or a value that none can hold.
    """
    fields: dict[str, Any] = orjson.loads(data)  # Any: JSON, checked here
    reading = PictureReading(**fields)
    sizes = (reading.width, reading.height)
    words = (reading.format, reading.perceptual_hash, reading.text, reading.reader)
    is_right = (
        all(word is None or isinstance(word, str) for word in words)
        and (reading.format is None or reading.format in FORMATS)
        and all(size is None or (type(size) is int and 0 <= size < 2**31) for size in sizes)
        and (reading.perceptual_hash is None or _HASH.fullmatch(reading.perceptual_hash))
        and (reading.text is None or len(reading.text) <= MAX_TEXT_CHARACTERS)
        and (reading.confidence is None or 0 <= reading.confidence <= 1)
        and (reading.reader is None or len(reading.reader) <= 64)
    )
    if not is_right:
        raise ValueError("no reading of a picture")
    problem = None if reading.problem is None else PictureProblem(reading.problem)
    text = None if reading.text is None else storable(reading.text)[0]
    return PictureReading(**{**fields, "problem": problem, "text": text})
