"""What bytes are by their beginning; what a server or a file name says of them counts for nothing."""

from models.enums import PictureProblem

_HEAD_BYTES = 1024
# First bytes of what other programs call pictures: never decoded, said as what it is.
_OTHERS = (
    b"BM", b"II*\x00", b"MM\x00*", b"\x00\x00\x01\x00", b"8BPS", b"\xff\x0a", b"\x00\x00\x00\x0cJXL ",
    b"\x00\x00\x00\x0cjP  ", b"%PDF",
)  # fmt: skip


def sniff(body: bytes) -> str | PictureProblem:
    """Format of a picture, or why it is none that is read: SVG is a program, HTML a page."""
    if body.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if body.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if body.startswith((b"GIF87a", b"GIF89a")):
        return "gif"
    if body.startswith(b"RIFF") and body[8:12] == b"WEBP":
        return "webp"
    if body.startswith(_OTHERS) or body[4:8] == b"ftyp":
        return PictureProblem.UNKNOWN_FORMAT
    head = body[:_HEAD_BYTES].lower()
    is_svg = b"<svg" in head and b"<html" not in head
    return PictureProblem.SVG if is_svg else PictureProblem.NOT_A_PICTURE
