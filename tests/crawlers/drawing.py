"""Pictures with text, drawn here, as channels post them; the recogniser that reads them is the real one."""

import random
import struct
import zlib
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

FONT = Path("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf")
KIDNEY_KK = "Бүйрек сатамын, қаны бірінші топ.\nӨте шұғыл, ұялы телефон +7 701 123 45 67"
KIDNEY_RU = "Срочно продам почку, здоров.\nВторая группа крови, пишите в личку."
KIDNEY_EN = "I sell my kidney, very urgent.\nBlood group one, write me please."


def draw(
    text: str, *, size: int = 28, turned: float = 0, noise: float = 0, dark: bool = False
) -> Image.Image:
    """A poster with these lines; turned by degrees, with noise of that deviation."""
    ground, ink = ((100, 20, 60), (255, 240, 200)) if dark else ((255, 255, 255), (20, 20, 20))
    font = ImageFont.truetype(str(FONT), size)
    box = ImageDraw.Draw(Image.new("RGB", (1, 1))).multiline_textbbox(
        (0, 0), text, font=font, spacing=size // 2
    )
    picture = Image.new("RGB", (int(box[2]) + 2 * size, int(box[3]) + 2 * size), ground)
    ImageDraw.Draw(picture).multiline_text((size, size), text, font=font, fill=ink, spacing=size // 2)
    if turned:
        picture = picture.rotate(turned, Image.Resampling.BICUBIC, expand=True, fillcolor=ground)
    return _with_noise(picture, noise) if noise else picture


def _with_noise(picture: Image.Image, deviation: float) -> Image.Image:
    chance = random.Random(7)
    pixels = bytearray(picture.tobytes())
    for place, value in enumerate(pixels):
        pixels[place] = min(255, max(0, round(value + chance.gauss(0, deviation))))
    return Image.frombytes("RGB", picture.size, bytes(pixels))


def as_file(picture: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    """The picture in a file's bytes."""
    file = BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def gif(frames: Sequence[Image.Image]) -> bytes:
    """An animation; frames that are equal count, too."""
    first, *others = frames
    return as_file(first, "GIF", save_all=True, append_images=others, disposal=1, duration=20)


def bomb(width: int = 50_000, height: int = 50_000) -> bytes:
    """A PNG of a few kilobytes that unpacks to gigabytes of white."""
    row = zlib.compress(b"\x00" * (1 << 20), 9)
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", row) + _chunk(b"IEND", b"")


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
