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
from dataclasses import dataclass, field

# Of elements that hold others; one with text alone may stand in the deepest.
MAX_DEPTH = 200
MAX_ATTRIBUTES = 250

_VOID = frozenset(
    {"area", "base", "basefont", "bgsound", "br", "col", "embed", "frame", "hr", "img", "input",
     "keygen", "link", "meta", "param", "source", "track", "wbr"}
)  # fmt: skip
# Elements that end where the next of their kind begins, so that they never nest without another between.
_SELF_ENDING = frozenset(
    {"html", "head", "body", "p", "li", "dd", "dt", "option", "optgroup", "tr", "td", "th", "thead",
     "tbody", "tfoot", "colgroup", "caption", "rt", "rp", "a"}
)  # fmt: skip
_VALUE = r"""=\s*+(?:"[^"]*+"|'[^']*+'|[^\s"'>][^\s>]*+|(?=>))"""
_ATTRIBUTES = rf"(?:[^>=]++|{_VALUE})*+"
# So few that they need no count; a tag with more is looked at closely.
_FEW_ATTRIBUTES = rf"(?:[^>=]{{1,30}}+|{_VALUE}){{0,50}}+"
_FLAT = "|".join(sorted(_VOID | _SELF_ENDING))
_FLAT_PIECE = rf"[^<]++|</?(?-i:{_FLAT})(?=[\s/>]){_FEW_ATTRIBUTES}>"
# Common elements; one that holds only text and such tags is left behind as soon as it is met.
_LEAF = "div|span|b|i|em|strong|button|label|h[1-6]|ul"
_RAW = "script|style|textarea|title|xmp|iframe|noembed|noframes"
# One piece of a page: text, tags that never nest and elements that hold nothing else, up to a tag that
# may nest, and this tag. What an alternative looked at in vain is looked at once more by another, never
# a third time, so that reading takes time linear in the page.
_PIECE = re.compile(
    rf"""(?:{_FLAT_PIECE}|<(?P<leaf>{_LEAF})(?=[\s/>]){_FEW_ATTRIBUTES}>(?:{_FLAT_PIECE})*+</(?P=leaf)>)*+ (?:
        <(?=[stxin])(?P<raw>{_RAW})(?=[\s/>])(?P<raw_attributes>{_ATTRIBUTES})>
            (?P<held>(?:[^<]++|<(?!/(?P=raw)[\s/>]))*+) (?:</(?P=raw)[^>]*+>|(?P<cut_in_script>.*+))
        |<(?P<end>/?)(?P<name>[a-z][^\s/>]*+)(?P<attributes>{_ATTRIBUTES})>
        |<!---?>|<!--(?:[^-]++|-(?!-!?>))*+--!?>
        |<!--(?P<cut_in_comment>.*+)
        |<[!?/][^>]*+(?:>|\Z)
        |<(?P<cut_in_tag>[a-z].*+)
        |<
        |\Z
    )""",
    re.DOTALL | re.IGNORECASE | re.VERBOSE,
)
_JSON_LD = re.compile(r"""(?:\A|[\s"'/])type\s*=\s*["']?application/ld\+json""", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"[^\s/>=][^\s/>=]*+(?:\s*+=\s*+(?:\"[^\"]*+\"|'[^']*+'|[^\s>]*+))?+")
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
    names: dict[str, int] = field(default_factory=dict)
    carried: dict[str, list[bool]] = field(default_factory=dict)
    n_carried: int = 0
    cuts: list[tuple[int, int, str]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    json_ld: list[str] = field(default_factory=list)

    def problem(self, name: str) -> None:
        if name not in self.problems:
            self.problems.append(name)

    def cut_tag(self, piece: re.Match[str]) -> None:
        """Take the whole tag of a piece out, from its ``<`` to its ``>``."""
        self.cuts.append((piece.start("end") - 1, piece.end(), ""))


@dataclass(frozen=True, slots=True)
class Tamed:
    """Markup that is safe for a tree, unchanged as a rule.

    Attributes:
        problems: ``too_deep``, ``too_many_attributes``, ``cut_in_tag``, ``cut_in_comment``,
            ``cut_in_script``. Each means that the page was not, or may not have been, read as
            its readers see it.
        json_ld: texts of its ``application/ld+json`` scripts, for which nobody needs a tree.
    """

    html: str
    problems: tuple[str, ...]
    json_ld: tuple[str, ...]


def tame(html: str) -> Tamed:
    """Take out the tags that nest too deep and the attributes that are too many; keep all text."""
    count = _Count()
    for piece in _PIECE.finditer(html):
        end, name, attributes = piece.group("end", "name", "attributes")
        if name is None:
            _note_raw_or_cut(piece, count)
            continue
        name = name.lower()
        if end:
            _close(piece, name, count)
            continue
        if len(attributes) > 2 * MAX_ATTRIBUTES:  # each needs a name and a blank
            _check_attributes(piece, "name", "attributes", count)
        if name not in _VOID and name not in _SELF_ENDING:
            _open(piece, name, count)
    return Tamed(_apply(html, count.cuts), tuple(count.problems), tuple(count.json_ld))


def _note_raw_or_cut(piece: re.Match[str], count: _Count) -> None:
    """Look at a piece without an ordinary tag: script and its like, a comment, or an end in the middle."""
    if piece["raw"]:
        if len(piece["raw_attributes"]) > 2 * MAX_ATTRIBUTES:
            _check_attributes(piece, "raw", "raw_attributes", count)
        if _JSON_LD.search(piece["raw_attributes"]) and piece["raw"].lower() == "script":
            count.json_ld.append(piece["held"])
    for problem in ("cut_in_script", "cut_in_comment", "cut_in_tag"):
        if piece[problem] is not None:
            # The standard drops what is not ended; the author may have meant it to be read.
            count.problem(problem)


def _check_attributes(piece: re.Match[str], name: str, attributes: str, count: _Count) -> None:
    kept: list[str] = []
    for number, attribute in enumerate(_ATTRIBUTE.finditer(piece[attributes])):
        if number == MAX_ATTRIBUTES:
            count.problem("too_many_attributes")
            count.cuts.append((piece.start(name), piece.end(attributes), f"{piece[name]} {' '.join(kept)}"))
            return
        kept.append(attribute[0])


def _open(piece: re.Match[str], name: str, count: _Count) -> None:
    if piece["attributes"].endswith("/") and (count.names.get("svg") or count.names.get("math")):
        return
    is_cut = len(count.stack) + count.n_carried >= MAX_DEPTH
    if is_cut:
        count.problem("too_deep")
        count.cut_tag(piece)
    if name in _CARRIED_ON:
        count.carried.setdefault(name, []).append(is_cut)
        count.n_carried += 1
    else:
        count.stack.append((name, is_cut))
        count.names[name] = count.names.get(name, 0) + 1


def _close(piece: re.Match[str], name: str, count: _Count) -> None:
    if name in _CARRIED_ON:
        opened = count.carried.get(name)
        if opened:
            count.n_carried -= 1
            if opened.pop():
                count.cut_tag(piece)
        return
    if not count.names.get(name) or (name not in _CLOSES_ALL and count.stack[-1][0] != name):
        return
    while count.stack:
        closed, was_cut = count.stack.pop()
        count.names[closed] -= 1
        if closed == name:
            if was_cut:
                count.cut_tag(piece)
            return


def _apply(html: str, cuts: list[tuple[int, int, str]]) -> str:
    if not cuts:
        return html
    pieces, position = [], 0
    for start, end, instead in sorted(cuts):
        if start < position:  # attributes of a tag that is cut out as a whole
            continue
        pieces += [html[position:start], instead]
        position = end
    pieces.append(html[position:])
    return "".join(pieces)
