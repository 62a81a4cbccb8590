"""From a case as the service gives it to what its pages show: marks, signs in words, differences. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from models.enums import TextPlace
from review_api.blocklist.schemas import LegalGround
from review_api.differences import Run, compare, has_changes
from review_api.i18n import Words
from review_api.marks import Segment, Span, cut
from review_api.signs import reason_text, rule_text, sign_definition, sign_name
from review_api.tasks.case_schemas import OpenedContacts, ShownHit, ShownVersion, TaskDetail
from review_api.tasks.views import text_lang


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


@dataclass(frozen=True)
class ShownCase:
    """What the reviewer's and the approver's page share."""

    task: TaskDetail
    lang: str
    title_segments: tuple[Segment, ...]
    text_segments: tuple[Segment, ...]
    signs: tuple[SignGroup, ...]
    counter_signs: tuple[SignGroup, ...]
    rules: tuple[str, ...]
    ground_titles: Mapping[str, str]
    opened: OpenedContacts | None = None


@dataclass(frozen=True)
class TextChange:
    """What changed from one version of an ad to another."""

    title_runs: tuple[Run, ...]
    text_runs: tuple[Run, ...]

    @property
    def is_empty(self) -> bool:
        """Whether both texts are the same."""
        return not has_changes([*self.title_runs, *self.text_runs])


def show_case(
    words: Words,
    task: TaskDetail,
    grounds: Iterable[LegalGround],
    opened: OpenedContacts | None = None,
) -> ShownCase:
    """Number the hits in reading order and put every sign into words.

    Args:
        words: the reader's language.
        task: the case; its texts are masked.
        grounds: legal grounds, for the titles of those in decisions.
        opened: texts and contacts unmasked, once they were opened; offsets are the same.
    """
    spans = _number_hits(words, task.hits)
    title, text = (task.version.title, task.version.text) if opened is None else (opened.title, opened.text)
    groups = _group_signs(words, task.hits, spans)
    return ShownCase(
        task=task,
        lang=text_lang(task.version.language),
        title_segments=tuple(cut(title, (span for span, place in spans if place is TextPlace.TITLE))),
        text_segments=tuple(cut(text, (span for span, place in spans if place is TextPlace.TEXT))),
        signs=tuple(group for group in groups if group.look != "counter"),
        counter_signs=tuple(group for group in groups if group.look == "counter"),
        rules=tuple(rule_text(words, rule) for rule in task.rules),
        ground_titles={
            ground.code: f"{ground.law[words.locale]}: {ground.titles[words.locale]}" for ground in grounds
        },
        opened=opened,
    )


def compare_versions(before: ShownVersion | None, after: ShownVersion) -> TextChange:
    """The difference between two versions, both masked; nothing before: all is kept text."""
    if before is None:
        before = after
    return TextChange(tuple(compare(before.title, after.title)), tuple(compare(before.text, after.text)))


def _number_hits(words: Words, hits: Iterable[ShownHit]) -> list[tuple[Span, TextPlace]]:
    """Spans with their place, numbered as a reader meets them: the title first, then the text."""
    ordered = sorted(hits, key=lambda hit: (hit.place is TextPlace.TEXT, hit.start, hit.end, hit.code))
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
    words: Words, hits: Iterable[ShownHit], spans: Iterable[tuple[Span, TextPlace]]
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
            spans=tuple(by_code[code]),
        )
        for code, hit in facts.items()
    ]
    return sorted(groups, key=lambda group: (group.look == "idle", -group.weight, group.code))
