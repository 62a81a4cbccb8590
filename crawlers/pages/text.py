"""Text of HTML as a reader sees it: one line per block, no markup, nothing invented."""

import re
from html import unescape

from selectolax.lexbor import LexborNode

_BLOCKS = frozenset(
    {"address", "article", "aside", "blockquote", "body", "caption", "center", "dd", "details",
     "dialog", "div", "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2",
     "h3", "h4", "h5", "h6", "hr", "header", "legend", "li", "main", "nav", "ol", "option", "p",
     "pre", "section", "summary", "table", "tbody", "tfoot", "thead", "tr", "ul"}
)  # fmt: skip
_CELLS = frozenset({"td", "th"})
# Serialised markup: attribute values stand in double quotes and never hold one.
_TAG = re.compile(r'<!--.*?-->|</?([a-zA-Z][^\s/>]*+)(?:[^>"]++|"[^"]*+")*+>', re.DOTALL)
_UNSEEN = re.compile(r"<(script|style|template|noscript)\b(?:[^<]++|<(?!/\1>))*+</\1>")
# Blanks that are not a single one already: those are by far the most, and stay as they are.
_BLANKS = re.compile(r" [ \t\n\r\f]++|[\t\n\r\f][ \t\n\r\f]*+")
_BREAKS = re.compile(r"[\x01\x02][\s\x01\x02]*+")
_MANY_BREAKS = re.compile(r"\n{3,}")
_BLOCK, _LINE = "\x01", "\x02"


def node_text(node: LexborNode | None) -> str:
    """Text of an element and all it holds; "" for None."""
    return "" if node is None else _markup_text(node.inner_html or "")


def plain_text(text: str) -> str:
    """Text that holds no markup: blanks single, line feeds kept, at most one blank line between lines."""
    rows = (_BLANKS.sub(" ", row).strip() for row in text.split("\n"))
    return _MANY_BREAKS.sub("\n\n", "\n".join(rows)).strip()


def line(text: str | None) -> str:
    """Put a short text on one line, with single blanks."""
    return " ".join(text.split()) if text else ""


def _markup_text(markup: str) -> str:
    seen = _UNSEEN.sub(" ", markup.replace(_BLOCK, "").replace(_LINE, ""))
    return _tidy(unescape(_TAG.sub(_break, _single_blanks(seen))))


def _single_blanks(text: str) -> str:
    """The same as the pattern for blanks does but at the edges; over a whole page in half the time."""
    for blank in "\t\n\r\f":
        text = text.replace(blank, " ")
    return " ".join(filter(None, text.split(" ")))


def _break(tag: re.Match[str]) -> str:
    name = tag[1]  # in lower case, as the tree writes it; None of a comment
    if name == "br":
        return _LINE
    if name in _BLOCKS:
        return _BLOCK
    return " " if name in _CELLS else ""


def _tidy(text: str) -> str:
    """Give breaks as line feeds: one per block edge, two where lines were left out on purpose."""
    return plain_text(_BREAKS.sub(lambda gap: "\n" * min(2, max(1, gap[0].count(_LINE))), text))
