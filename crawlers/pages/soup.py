"""Markup made safe for a tree: a page can freeze a parser, or hide text from it, by depth and by attributes.

Tree builders take time that grows with the square of the attributes of a tag and
of the open elements, and some drop all text below a depth without a word. So the
tags are counted first, in time linear in the page; where they go too far they are
taken out, and the text between them stays. (Measured: 50 000 attributes hold
lexbor for 5 s and lxml for 22 s; 100 000 open elements for 30 s.)

The count follows the HTML standard closely enough to stop attacks, not to the
letter; what slips through meets the limits of the parser child.
"""

import re
from collections import Counter
from dataclasses import dataclass, field

MAX_DEPTH = 200
MAX_ATTRIBUTES = 250

_TAG = re.compile(
    r"<(/?)([a-zA-Z][^\s/>]*+)((?:[^>=]++|=\s*+(?:\"[^\"]*+\"|'[^']*+'|[^\s\"'>][^\s>]*+|(?=>)))*+)>"
)
_ATTRIBUTE = re.compile(r"[^\s/>=][^\s/>=]*+(?:\s*+=\s*+(?:\"[^\"]*+\"|'[^']*+'|[^\s>]*+))?+")
_COMMENT_END = re.compile(r"--!?>")
_RAW_END = {
    name: re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE)
    for name in ("script", "style", "textarea", "title", "xmp", "iframe", "noembed", "noframes")
}
_VOID = frozenset(
    {"area", "base", "basefont", "bgsound", "br", "col", "embed", "frame", "hr", "img", "input",
     "keygen", "link", "meta", "param", "source", "track", "wbr"}
)  # fmt: skip
# Elements that end where the next of their kind begins, so that they never nest without another between.
_SELF_ENDING = frozenset(
    {"html", "head", "body", "p", "li", "dd", "dt", "option", "optgroup", "tr", "td", "th", "thead",
     "tbody", "tfoot", "colgroup", "caption", "rt", "rp", "a"}
)  # fmt: skip
# Open ones are carried on into each following block, so they add up even where blocks are closed.
_CARRIED_ON = frozenset(
    {"b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u"}
)  # fmt: skip
# Their end tags close whatever is still open inside; end tags of all others are ignored when something is.
_CLOSES_ALL = frozenset(
    {"address", "article", "aside", "blockquote", "button", "center", "details", "dialog", "dir",
     "div", "dl", "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4",
     "h5", "h6", "header", "hgroup", "listing", "main", "menu", "nav", "object", "ol", "pre",
     "search", "section", "select", "summary", "svg", "table", "template", "ul"}
)  # fmt: skip


@dataclass(slots=True)
class _Count:
    """Open elements at one place of the page, and the cuts made so far."""

    stack: list[tuple[str, bool]] = field(default_factory=list)  # name, whether its start tag was cut out
    names: Counter[str] = field(default_factory=Counter)
    carried: dict[str, list[bool]] = field(default_factory=dict)
    n_carried: int = 0
    cuts: list[tuple[int, int, str]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def problem(self, name: str) -> None:
        if name not in self.problems:
            self.problems.append(name)


def tame(html: str) -> tuple[str, tuple[str, ...]]:
    """Take out the tags that nest too deep and the attributes that are too many; keep all text.

    Returns:
        the page, unchanged as a rule, and what was wrong with it: ``too_deep``,
        ``too_many_attributes``, ``cut_in_tag``, ``cut_in_comment``, ``cut_in_script``.
        Each means that the page was not, or may not have been, read as its readers see it.
    """
    count = _Count()
    position = html.find("<")
    while position >= 0:
        position = html.find("<", _step(html, position, count))
    return _apply(html, count.cuts), tuple(count.problems)


def _step(html: str, position: int, count: _Count) -> int:
    """Read what begins with ``<`` at a position; return where to go on, at least one further."""
    following = html[position + 1 : position + 2]
    if following in ("!", "?"):
        return _comment(html, position, count)
    if following == "/" and not html[position + 2 : position + 3].isalpha():
        return _comment(html, position, count)
    if not (following == "/" or (following.isascii() and following.isalpha())):
        return position + 1
    tag = _TAG.match(html, position)
    if tag is None:
        # The standard drops an unended tag with all that follows; the author may have meant it as text.
        count.problem("cut_in_tag")
        return len(html)
    name = tag[2].lower()
    if tag[1]:
        _close(tag, name, count)
        return tag.end()
    _check_attributes(tag, count)
    if name in _RAW_END:
        return _raw_end(html, tag.end(), name, count)
    _open(tag, name, count)
    return tag.end()


def _comment(html: str, position: int, count: _Count) -> int:
    if not html.startswith("<!--", position):
        end = html.find(">", position)
        return end + 1 if end >= 0 else len(html)
    if html.startswith((">", "->"), position + 4):
        return position + 5
    found = _COMMENT_END.search(html, position + 4)
    if found is None:
        count.problem("cut_in_comment")
        return len(html)
    return found.end()


def _raw_end(html: str, position: int, name: str, count: _Count) -> int:
    found = _RAW_END[name].search(html, position)
    if found is None:
        count.problem("cut_in_script")
        return len(html)
    end = html.find(">", found.end())
    return end + 1 if end >= 0 else len(html)


def _check_attributes(tag: re.Match[str], count: _Count) -> None:
    attributes = tag[3]
    if len(attributes) <= 2 * MAX_ATTRIBUTES:  # each needs a name and a blank
        return
    kept: list[str] = []
    for number, attribute in enumerate(_ATTRIBUTE.finditer(attributes)):
        if number == MAX_ATTRIBUTES:
            count.problem("too_many_attributes")
            count.cuts.append((tag.start(), tag.end(), f"<{tag[2]} {' '.join(kept)}>"))
            return
        kept.append(attribute[0])


def _open(tag: re.Match[str], name: str, count: _Count) -> None:
    if name in _VOID or name in _SELF_ENDING:
        return
    if tag[3].endswith("/") and (count.names["svg"] or count.names["math"]):
        return
    is_cut = len(count.stack) + count.n_carried >= MAX_DEPTH
    if is_cut:
        count.problem("too_deep")
        count.cuts.append((tag.start(), tag.end(), ""))
    if name in _CARRIED_ON:
        count.carried.setdefault(name, []).append(is_cut)
        count.n_carried += 1
    else:
        count.stack.append((name, is_cut))
        count.names[name] += 1


def _close(tag: re.Match[str], name: str, count: _Count) -> None:
    if name in _CARRIED_ON:
        opened = count.carried.get(name)
        if opened:
            count.n_carried -= 1
            if opened.pop():
                count.cuts.append((tag.start(), tag.end(), ""))
        return
    if not count.names[name] or (name not in _CLOSES_ALL and count.stack[-1][0] != name):
        return
    while count.stack:
        closed, was_cut = count.stack.pop()
        count.names[closed] -= 1
        if closed == name:
            if was_cut:
                count.cuts.append((tag.start(), tag.end(), ""))
            return


def _apply(html: str, cuts: list[tuple[int, int, str]]) -> str:
    """Make the cuts; the last of several at one place wins."""
    if not cuts:
        return html
    pieces, position = [], 0
    for start, end, instead in sorted({cut[0]: cut for cut in cuts}.values()):
        pieces += [html[position:start], instead]
        position = end
    pieces.append(html[position:])
    return "".join(pieces)
