"""From a picture's bytes to grey pixels of a bounded number, with Pillow; in the child only."""

import warnings
from dataclasses import dataclass
from io import BytesIO

import imagehash
from PIL import Image, ImageOps

from models.enums import PictureProblem

# Enough for the smallest print on a poster; more only costs time.
_MAX_READ_SIDE = 3000
_MID_GREY = 128


@dataclass(frozen=True)
class DecodedPicture:
    """A picture in grey, upright, at most 3000 pixels a side; ``grey`` None where it could not be had."""

    grey: Image.Image | None = None
    problem: PictureProblem | None = None
    width: int | None = None
    height: int | None = None
    perceptual_hash: str | None = None


def decode_picture(body: bytes, kind: str, *, max_pixels: int, max_side: int) -> DecodedPicture:
    """Decode the first frame of a picture.

    Args:
        body: the file.
        kind: its format, the only one that is tried.
        max_pixels: more are not decoded; the size stands in the file's head.
        max_side: likewise, of width and height.

    Raises:
        MemoryError: the process has not enough of it.
    """
    Image.MAX_IMAGE_PIXELS = None  # the size is looked at here, before anything is unpacked
    warnings.simplefilter("ignore")
    try:
        picture = Image.open(BytesIO(body), formats=[kind.upper()])
    except (OSError, SyntaxError, ValueError):
        return DecodedPicture(problem=PictureProblem.DAMAGED)
    width, height = picture.size
    if width * height > max_pixels or max(width, height) > max_side:
        return DecodedPicture(None, PictureProblem.TOO_MANY_PIXELS, width, height)
    try:
        has_more = bool(getattr(picture, "is_animated", False))
        picture.draft("L", (_MAX_READ_SIDE, _MAX_READ_SIDE))  # JPEG can be decoded smaller at once
        picture.load()
        grey = _grey(picture)
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        is_short = "truncated" in str(error)
        broken = PictureProblem.TRUNCATED if is_short else PictureProblem.DAMAGED
        return DecodedPicture(None, broken, width, height)
    problem = PictureProblem.MORE_FRAMES if has_more else None
    return DecodedPicture(grey, problem, width, height, str(imagehash.phash(grey)))


def _grey(picture: Image.Image) -> Image.Image:
    """Upright, without transparency: on mid-grey both black and white letters stay visible."""
    picture.thumbnail((_MAX_READ_SIDE, _MAX_READ_SIDE))
    upright = ImageOps.exif_transpose(picture)
    if upright.has_transparency_data:
        upright = upright.convert("RGBA")
        ground = Image.new("RGBA", upright.size, (_MID_GREY, _MID_GREY, _MID_GREY, 255))
        upright = Image.alpha_composite(ground, upright)
    return upright.convert("L")
