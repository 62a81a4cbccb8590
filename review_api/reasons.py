"""From what a classifier found in one text to the reasons that pages show: marks, signs and words. Pure."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from models.enums import Side, TextPlace
from review_api.i18n import Words
from review_api.marks import Segment, Span, cut
from review_api.precision import Precision
from review_api.said import SaidLine, show_said
from review_api.signs import reason_text, rule_text, sign_definition, sign_name
from review_api.tasks.case_schemas import ShownChange, ShownExplanation, ShownHit, ShownWord
from review_api.tasks.schemas import ScoredPurpose

PrecisionOf = Callable[[str], Precision | None]
STATISTICAL = "statistical"
_PLACES = tuple(TextPlace)


@dataclass(frozen=True)
class Findings:
    """What a classifier found in one text, with the text as it may be shown.

    Offsets of hits and words count code points of ``title``, ``text`` or
    ``picture_text``; ``pictures`` are the ranges of the latter, one for each picture.
    """

    title: str
    text: str
    is_flagged: bool
    hits: tuple[ShownHit, ...]
    model_words: tuple[ShownWord, ...]
    purposes: tuple[ScoredPurpose, ...]
    side: Side
    rules: tuple[str, ...]
    explanation: ShownExplanation | None
    classifier_version: str
    picture_text: str = ""
    pictures: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True)
class SignGroup:
    """One sign with all its places in the ad; ``look`` is ``sign``, ``counter`` or ``idle`` (not counted)."""

    code: str
    name: str
    definition: str
    weight: float
    look: str
    reason: str
    spans: tuple[Span, ...]
    precision: Precision | None


@dataclass(frozen=True)
class ReadWord:
    """Words that the statistical part read; ``share`` is their bar, 1 for the heaviest."""

    quote: str
    weight: float
    share: float


@dataclass(frozen=True)
class Reasons:
    """Why one text is flagged or not.

    ``share_lines`` say in words what the statistical part adds; ``changes`` what
    would have made the outcome the opposite, ``is_far`` when nothing small would;
    ``picture_segments`` hold the words of each picture, empty where there are none;
    ``said`` what the ad says of pay, ages, places and the like.
    """

    title_segments: tuple[Segment, ...]
    text_segments: tuple[Segment, ...]
    picture_segments: tuple[tuple[Segment, ...], ...]
    signs: tuple[SignGroup, ...]
    counter_signs: tuple[SignGroup, ...]
    purposes: tuple[ScoredPurpose, ...]
    side: Side
    rules: tuple[str, ...]
    words: tuple[ReadWord, ...]
    share_lines: tuple[str, ...]
    is_flagged: bool
    changes: tuple[str, ...]
    is_far: bool
    said: tuple[SaidLine, ...]
    classifier_version: str


def show_reasons(words: Words, found: Findings, precision_of: PrecisionOf) -> Reasons:
    """Number the hits in reading order and put everything into words.

    Args:
        words: the reader's language.
        found: what the classifier found.
        precision_of: the measured precision of a sign, if there is one.
    """
    spans = _number_hits(words, found.hits)
    read = [
        (Span(word.start, word.end, 0, "", words.text("read.mark"), is_read=True), word.place)
        for word in found.model_words
    ]
    groups = _group_signs(words, found.hits, spans, precision_of)
    read_words = _read_words(words, found)
    changes = _change_lines(words, found, read_words)
    texts = {
        TextPlace.TITLE: found.title,
        TextPlace.TEXT: found.text,
        TextPlace.PICTURE: found.picture_text,
    }
    return Reasons(
        title_segments=_segments(found.title, TextPlace.TITLE, [*spans, *read]),
        text_segments=_segments(found.text, TextPlace.TEXT, [*spans, *read]),
        picture_segments=tuple(
            _picture_segments(found, start, end, [*spans, *read]) for start, end in found.pictures
        ),
        signs=tuple(group for group in groups if group.look != "counter"),
        counter_signs=tuple(group for group in groups if group.look == "counter"),
        purposes=found.purposes,
        side=found.side,
        rules=tuple(rule_text(words, rule) for rule in found.rules),
        words=read_words,
        share_lines=_share_lines(words, found),
        is_flagged=found.is_flagged,
        changes=changes,
        is_far=found.explanation is not None and not changes,
        said=show_said(words, found.explanation.facts if found.explanation else (), texts),
        classifier_version=found.classifier_version,
    )


def _segments(text: str, place: TextPlace, spans: Iterable[tuple[Span, TextPlace]]) -> tuple[Segment, ...]:
    return tuple(cut(text, (span for span, where in spans if where is place)))


def _picture_segments(
    found: Findings, start: int, end: int, spans: Iterable[tuple[Span, TextPlace]]
) -> tuple[Segment, ...]:
    """The words of one picture, with what is marked in them; a mark ends with its picture."""
    within = (
        replace(span, start=max(span.start, start) - start, end=min(span.end, end) - start)
        for span, place in spans
        if place is TextPlace.PICTURE
    )
    return tuple(cut(found.picture_text[start:end], within))


def _read_words(words: Words, found: Findings) -> tuple[ReadWord, ...]:
    """The heaviest first; words that spoke against a flag have no bar; erased ones are named so."""
    most = max((word.weight for word in found.model_words), default=0.0)
    ordered = sorted(found.model_words, key=lambda word: -word.weight)
    return tuple(
        ReadWord(
            " ".join(word.quote.split()) or words.text("picture.erased"),
            word.weight,
            max(word.weight, 0.0) / most if most > 0 else 0.0,
        )
        for word in ordered
    )


def _share_lines(words: Words, found: Findings) -> tuple[str, ...]:
    """What the statistical part gave, and whether rules or it made the flag."""
    part = found.explanation
    if part is None:
        return ()
    lines = [
        words.text("read.share", share=_of_hundred(part.probability), threshold=_of_hundred(part.threshold))
    ]
    if not found.is_flagged:
        lines.append(words.text("read.not_flagged"))
    elif STATISTICAL not in found.rules:
        lines.append(words.text("read.rules_alone"))
    elif len(found.rules) == 1:
        lines.append(words.text("read.alone"))
    else:
        lines.append(words.text("read.both"))
    return tuple(lines)


def _of_hundred(probability: float) -> int:
    """Never 100 or 0: the statistical part is never sure."""
    return min(max(round(probability * 100), 1), 99)


def _change_lines(words: Words, found: Findings, read_words: Iterable[ReadWord]) -> tuple[str, ...]:
    if found.explanation is None:
        return ()
    heaviest = [word.quote for word in read_words]
    return tuple(
        _change_line(words, change, heaviest)
        for change in found.explanation.changes
        if words.has(f"change.{change.kind}")
    )


def _change_line(words: Words, change: ShownChange, heaviest: list[str]) -> str:
    signs = " + ".join(f"«{sign_name(words, code)}» ({code})" for code in change.codes)
    quotes = ", ".join(f"«{_shortened(quote)}»" for quote in heaviest[: change.n_words])
    return words.text(f"change.{change.kind}", signs=signs, quotes=quotes)


def _shortened(quote: str, room: int = 60) -> str:
    return quote if len(quote) <= room else f"{quote[: room - 1]}…"


def _number_hits(words: Words, hits: Iterable[ShownHit]) -> list[tuple[Span, TextPlace]]:
    """Spans with their place, numbered as a reader meets them: title, text, pictures; erased have none."""
    left = (hit for hit in hits if hit.quote)
    ordered = sorted(left, key=lambda hit: (_PLACES.index(hit.place), hit.start, hit.end, hit.code))
    return [
        (
            Span(
                start=hit.start,
                end=hit.end,
                number=number,
                code=hit.code,
                name=sign_name(words, hit.code),
                is_counter_sign=hit.is_counter_sign,
                is_counted=hit.is_counted,
            ),
            hit.place,
        )
        for number, hit in enumerate(ordered, 1)
    ]


def _group_signs(
    words: Words,
    hits: Iterable[ShownHit],
    spans: Iterable[tuple[Span, TextPlace]],
    precision_of: PrecisionOf,
) -> list[SignGroup]:
    """One group per sign: counted ones first, the heaviest first."""
    by_code: dict[str, list[Span]] = {}
    for span, _ in spans:
        by_code.setdefault(span.code, []).append(span)
    facts: dict[str, ShownHit] = {}
    for hit in hits:
        known = facts.get(hit.code)
        if known is None or (hit.is_counted, hit.weight) > (known.is_counted, known.weight):
            facts[hit.code] = hit
    groups = [
        SignGroup(
            code=code,
            name=sign_name(words, code),
            definition=sign_definition(words, code),
            weight=hit.weight,
            look="counter" if hit.is_counter_sign else ("sign" if hit.is_counted else "idle"),
            reason="" if hit.is_counted or hit.reason is None else reason_text(words, hit.reason),
            spans=tuple(by_code.get(code, ())),
            precision=precision_of(code),
        )
        for code, hit in facts.items()
    ]
    return sorted(groups, key=lambda group: (group.look == "idle", -group.weight, group.code))
