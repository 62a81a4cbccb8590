"""Bytes of a page to text that every store takes: valid Unicode, no NUL, no lone surrogate.

The order is that of browsers (byte order mark, HTTP header, meta), checked
against the bytes: many pages of the region declare windows-1251 and are UTF-8.
"""

import codecs
import re
from dataclasses import dataclass

from charset_normalizer import from_bytes

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_HEADER_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]+)", re.IGNORECASE)
_META_CHARSET = re.compile(rb"<meta\b[^>]{0,300}?charset\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)
_XML_CHARSET = re.compile(rb"^\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([\w.:-]+)", re.IGNORECASE)
_HEAD_BYTES = 4096
_GUESS_BYTES = 64 * 1024
# Labels by which browsers mean the wider windows code page (WHATWG), and what Python has under no such name.
_WIDER = {
    "ascii": "cp1252", "us-ascii": "cp1252", "iso-8859-1": "cp1252", "latin1": "cp1252", "latin-1": "cp1252",
    "windows-1252": "cp1252", "iso-8859-9": "cp1254", "x-cp1251": "cp1251", "gb2312": "gb18030",
    "gbk": "gb18030", "shift_jis": "cp932", "windows-31j": "cp932", "ks_c_5601-1987": "cp949",
}  # fmt: skip
# By Python's own names, whatever their spelling: no browser reads a page so.
_NOT_FOR_PAGES = frozenset({"utf-7", "unicode-escape", "raw-unicode-escape", "idna", "punycode", "undefined"})
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
# Share of the bytes beyond ASCII that may be broken before a declared UTF-8 is not believed.
_FEW_BAD = 0.25


@dataclass(frozen=True, slots=True)
class Decoded:
    """Text of a page with what was done to get it.

    Attributes:
        charset: Python's name of the encoding used.
        n_lost: replacement characters that stand for unreadable bytes.
        problems: ``charset_mismatch: said X, is Y``, ``undecodable_bytes: N``, ``nul_removed: N``.
    """

    text: str
    charset: str
    n_lost: int = 0
    problems: tuple[str, ...] = ()


def decode(body: bytes, content_type: str | None = None) -> Decoded:
    """Decode a page; always gives text, and says what was lost on the way."""
    declared = _declared(body, content_type)
    mark = _by_mark(body)
    if mark is not None:
        charset, body = mark
    else:
        charset = _fitting(body, declared)
    text, n_lost = _read(body, charset)
    problems = []
    if declared and not _is_same(declared, charset):
        problems.append(f"charset_mismatch: said {declared}, is {charset}")
    if n_lost > 0:
        problems.append(f"undecodable_bytes: {n_lost}")
    text, removed = storable(text)
    return Decoded(text, charset, max(0, n_lost), (*problems, *removed))


def _read(body: bytes, charset: str) -> tuple[str, int]:
    """Text, and how many replacement characters stand for unreadable bytes."""
    try:
        return body.decode(charset), 0
    except UnicodeDecodeError:
        text = body.decode(charset, errors="replace")
        return text, text.count("\ufffd") - body.count("\ufffd".encode()) * (charset == "utf-8")


def storable(text: str) -> tuple[str, tuple[str, ...]]:
    """Remove what no store takes: NUL (PostgreSQL) and lone surrogates (UTF-8); say how many."""
    if text.isascii() and "\x00" not in text:
        return text, ()
    problems = []
    n_nul = text.count("\x00")
    if n_nul:
        problems.append(f"nul_removed: {n_nul}")
        text = text.replace("\x00", "")
    try:
        text.encode()
    except UnicodeEncodeError:
        text, n_lone = _LONE_SURROGATE.subn("", text)
        problems.append(f"lone_surrogates_removed: {n_lone}")
    return text, tuple(problems)


def _by_mark(body: bytes) -> tuple[str, bytes] | None:
    for mark, charset in _MARKS:
        if body.startswith(mark):
            return charset, body[len(mark) :]
    return None


def _declared(body: bytes, content_type: str | None) -> str | None:
    """Python's name of the encoding that header, meta or XML declaration name; None without a usable one."""
    head = body[:_HEAD_BYTES]
    names = [found[1] for found in [_HEADER_CHARSET.search(content_type or "")] if found]
    names += [
        found[1].decode("ascii", "replace")
        for found in (_XML_CHARSET.search(head), _META_CHARSET.search(head))
        if found
    ]
    for name in names:
        label = name.lower()
        try:
            found = codecs.lookup(_WIDER.get(label, label))
        except LookupError:
            continue
        # Python also calls base64 or zip "encodings"; they make bytes of bytes.
        if found._is_text_encoding and found.name not in _NOT_FOR_PAGES:
            return found.name
    return None


def _fitting(body: bytes, declared: str | None) -> str:
    """The encoding that reads the bytes best; the declared one when nothing speaks against it."""
    sixteen = _unmarked_utf16(body)
    if sixteen:
        return sixteen
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return _single_byte(body, declared)
    return declared if declared == "iso2022_jp" else "utf-8"


def _unmarked_utf16(body: bytes) -> str | None:
    """UTF-16 without a mark shows by its markup: every second byte of ``<html`` is NUL."""
    sample = body[:_HEAD_BYTES]
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    if not sample or max(even, odd) * 5 < len(sample) or min(even, odd) * 10 > max(even, odd):
        return None
    return "utf-16-le" if odd > even else "utf-16-be"


def _single_byte(body: bytes, declared: str | None) -> str:
    """Encoding of bytes that are not valid UTF-8."""
    if declared and declared != "utf-8" and not declared.startswith(("utf-16", "utf-32")):
        return "kz1048" if declared == "cp1251" and _is_kazakh(body) else declared
    n_high = sum(byte >= 0x80 for byte in body)
    n_bad = body.decode("utf-8", errors="replace").count("\ufffd")
    if n_bad <= n_high * _FEW_BAD:
        return "utf-8"
    best = from_bytes(_around_high_bytes(body)).best()
    guessed = codecs.lookup(best.encoding).name if best else declared or "utf-8"
    guessed = _WIDER.get(guessed, guessed)
    return "kz1048" if guessed == "cp1251" and _is_kazakh(body) else guessed


def _is_kazakh(body: bytes) -> bool:
    """Whether bytes taken for windows-1251 are KZ-1048.

    The Kazakh letters of KZ-1048 then look like letters that no single
    language has together: ќ ѕ ј (Macedonian) beside є ї ў (Ukrainian, Belarusian).
    """
    text = body.decode("cp1251", errors="replace").lower()
    return sum(letter in text for letter in "ќѕј") >= 2 and sum(letter in text for letter in "єїў") >= 1


def _around_high_bytes(body: bytes) -> bytes:
    """Piece of the page that tells encodings apart: from the first byte beyond ASCII on."""
    first = next((position for position, byte in enumerate(body) if byte >= 0x80), 0)
    return body[max(0, first - 256) : first + _GUESS_BYTES]


def _is_same(declared: str, used: str) -> bool:
    return codecs.lookup(declared).name == codecs.lookup(used).name
