"""Words of a grey picture, with Tesseract: straightened, read in three languages, junk left out."""

import csv
import subprocess
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from io import BytesIO, StringIO

import numpy as np
from PIL import Image, ImageOps

from crawlers.pictures.items import LANGUAGES, MAX_TEXT_CHARACTERS

# Tesseract finds few letters that are lower than about twenty pixels.
_MIN_READ_SIDE = 1000
_MAX_SKEW_DEGREES = 10.0
_STEP_DEGREES = 1.0
_FINE_DEGREES = 0.25
_SKEW_SIDE = 600
# How much sharper the lines must become; a photo without lines gains a hundredth.
_MIN_GAIN = 1.2
# Below this Tesseract itself holds a word for a guess; photos give nothing else.
_MIN_WORD_CONFIDENCE = 30.0
_WORD_LEVEL = "5"


@dataclass(frozen=True)
class RecognisedText:
    """Lines of words ("" for none), the mean confidence in their letters (0 to 1), and who read them."""

    text: str
    confidence: float | None
    reader: str


def recognise(grey: Image.Image, tesseract: str) -> RecognisedText:
    """Read a picture's words.

    Args:
        grey: mode L.
        tesseract: path of the program.

    Raises:
        subprocess.CalledProcessError: it failed or was ended.
    """
    table = BytesIO()
    prepared = prepare(grey)
    prepared.save(table, "PPM")
    # psm 1 finds out first which way up the picture is: quarter turns are common.
    done = subprocess.run(  # noqa: S603 - the installed program
        [tesseract, "-", "-", "-l", "+".join(LANGUAGES), "--psm", "1", "--dpi", "150", "tsv"],
        input=table.getvalue(),
        capture_output=True,
        check=True,
        env={"OMP_THREAD_LIMIT": "1"},
    )
    text, confidence = read_table(done.stdout.decode("utf-8", "replace"))
    return RecognisedText(text, confidence, f"tesseract {'+'.join(LANGUAGES)}")


def prepare(grey: Image.Image) -> Image.Image:
    """Small print made larger, weak contrast stronger, slanted lines straight."""
    longest = max(grey.size)
    if longest < _MIN_READ_SIDE:
        factor = min(3, -(-_MIN_READ_SIDE // longest))
        grey = grey.resize((grey.width * factor, grey.height * factor), Image.Resampling.LANCZOS)
    return straighten(ImageOps.autocontrast(grey))


def straighten(grey: Image.Image) -> Image.Image:
    """Turn a picture by the angle, up to ten degrees, at which its lines of print are sharpest."""
    small = grey.copy()
    small.thumbnail((_SKEW_SIDE, _SKEW_SIDE))
    edge = _edge_value(small)

    def sharpness(degrees: float) -> float:
        turned = small.rotate(degrees, Image.Resampling.BILINEAR, fillcolor=edge)
        rows = np.asarray(turned, dtype=np.float64).sum(axis=1)
        return float(np.square(np.diff(rows)).sum())

    best = _sharpest(sharpness, 0.0, _MAX_SKEW_DEGREES, _STEP_DEGREES)
    best = _sharpest(sharpness, best, _STEP_DEGREES, _FINE_DEGREES)
    if sharpness(best) < _MIN_GAIN * max(sharpness(0.0), 1.0):
        return grey
    return grey.rotate(best, Image.Resampling.BICUBIC, expand=True, fillcolor=edge)


def _sharpest(sharpness: Callable[[float], float], around: float, reach: float, step: float) -> float:
    n_steps = round(reach / step)
    return max((around + n * step for n in range(-n_steps, n_steps + 1)), key=sharpness)


def _edge_value(grey: Image.Image) -> int:
    """The usual grey along the rim: what turning brings in from outside should look like."""
    pixels = np.asarray(grey)
    return int(np.median(np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])))


def read_table(table: str) -> tuple[str, float | None]:
    """Text and confidence from Tesseract's table of words (tsv)."""
    lines: dict[tuple[str, ...], list[str]] = {}
    sure = n_letters = 0.0
    for row in _words(table):
        confidence = float(row["conf"])
        if confidence < _MIN_WORD_CONFIDENCE:
            continue
        word = row["text"].strip()
        lines.setdefault((row["block_num"], row["par_num"], row["line_num"]), []).append(word)
        sure += confidence * len(word)
        n_letters += len(word)
    text = "\n".join(" ".join(words) for words in lines.values())[:MAX_TEXT_CHARACTERS]
    return text, round(sure / n_letters / 100, 3) if n_letters else None


def _words(table: str) -> Iterable[dict[str, str]]:
    for row in csv.DictReader(StringIO(table), delimiter="\t", quoting=csv.QUOTE_NONE):
        if row.get("level") == _WORD_LEVEL and (row.get("text") or "").strip():
            yield row
