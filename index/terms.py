"""Terms of documents and questions: lemmas, words as written, keys of contacts."""

import re
import unicodedata
from dataclasses import dataclass

from classifiers.text import search_tokens

MAX_TERM_LENGTH = 64
MAX_CONTACT_LENGTH = 512
MAX_INDEXED_CHARACTERS = 100_000
"""What stands behind that in one ad is stored and reviewed, but not searched."""

_NOT_DIGIT = re.compile(r"\D")
_LINK_START = re.compile(r"^(?:https?://)?(?:www\.)?", re.IGNORECASE)
_MESSENGER = re.compile(
    r"^(?:(?:t|telegram)\.me/(?:joinchat/|s/|\+)?|(?:wa\.me/|api\.whatsapp\.com/send\?phone=)\+?)",
    re.IGNORECASE,
)
_HAS_LETTER = re.compile(r"[^\W\d_]")


@dataclass(frozen=True)
class TokenisedText:
    """The words of one text, three views of equal length.

    Attributes:
        terms: lemmas and stems, for words in any form.
        words: the same words as written, for exact phrases.
        spans: where each stands in the text, in code points.
    """

    terms: tuple[str, ...]
    words: tuple[str, ...]
    spans: tuple[tuple[int, int], ...]


def tokenise_for_search(text: str) -> TokenisedText:
    """Cut a text into the terms it is found by."""
    tokens = search_tokens(text[:MAX_INDEXED_CHARACTERS])
    return TokenisedText(
        terms=tuple(token.term[:MAX_TERM_LENGTH] for token in tokens),
        words=tuple(word_of(text[token.start : token.end]) for token in tokens),
        spans=tuple((token.start, token.end) for token in tokens),
    )


def word_of(written: str) -> str:
    """Return a word as written, but for upper case, composition and spaces inside it."""
    return "".join(unicodedata.normalize("NFKC", written).casefold().split())[:MAX_TERM_LENGTH]


def contact_key(value: str) -> str:
    """Return the key that all spellings of one phone, handle, e-mail or link share.

    Phones become digits in international form (8 701 … and +7 701 … are one, and
    wa.me/7701… too), handles lose the @ and their t.me/, other links lose scheme,
    www and a closing slash. Exact, never a prefix.
    """
    bare = _MESSENGER.sub("", _LINK_START.sub("", value.strip())).lstrip("@").rstrip("/.,")
    if _HAS_LETTER.search(bare):
        return bare.casefold()[:MAX_CONTACT_LENGTH]
    digits = _NOT_DIGIT.sub("", bare)
    if len(digits) == 10 and not bare.startswith("+"):
        return "7" + digits
    return "7" + digits[1:] if len(digits) == 11 and digits.startswith("8") else digits


def pack_spans(spans: tuple[tuple[int, int], ...]) -> str:
    """Write spans as gaps and lengths, which are short numbers."""
    numbers: list[int] = []
    position = 0
    for start, end in spans:
        numbers += (start - position, end - start)
        position = end
    return " ".join(map(str, numbers))


def unpack_spans(packed: str) -> list[tuple[int, int]]:
    """Read what :func:`pack_spans` wrote."""
    numbers = list(map(int, packed.split()))
    spans, position = [], 0
    for gap, length in zip(numbers[::2], numbers[1::2], strict=True):
        start = position + gap
        position = start + length
        spans.append((start, position))
    return spans
