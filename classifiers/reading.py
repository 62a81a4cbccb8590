"""Putting the matches of one text together to hits: what stands in one sentence, and what is denied."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from classifiers.context import Sentences, is_negated, is_of_copy, is_part_denied, is_waved_off
from classifiers.context_rules import Contexts
from classifiers.hits import NEGATED, ORDINARY, FoundSigns, Hit
from classifiers.lexicon import CounterSign
from classifiers.lexicon.compiled import VICTIM
from classifiers.lexicon.grammar import NEAR_WORDS
from classifiers.lexicon.matcher import DISGUISED, LabelMatch, Match
from classifiers.text import Disguise, NormalisedText, read_word
from models.enums import TextPlace

# A cry for help is a sign of control; it is shown under that indicator.
_VICTIM_CODE = "R19"
_WIDE_HIT_WORDS = 12
_LOCAL_WORDS = 12
_MAX_DISGUISED = 20
# An ad says what it means in its first places; every part is compared with every other.
_MAX_PLACES = 40
_STRONG_DISGUISES = frozenset({Disguise.FOREIGN, Disguise.DIGIT})


@dataclass(frozen=True, slots=True)
class CueSearch:
    """A cue with the numbers of the phrases of each part."""

    code: str
    parts: tuple[frozenset[int], ...]
    absent: tuple[frozenset[int], ...]
    is_near: bool
    is_ordinary: bool


@dataclass(frozen=True, slots=True)
class FrameSearch:
    """A situation with its concepts as bits."""

    code: str
    parts: tuple[int, ...]
    absent: int
    is_near: bool


class Reading:
    """One text while its matches are put together to hits."""

    def __init__(
        self,
        normalised: NormalisedText,
        place: TextPlace,
        phrases: Mapping[int, Sequence[Match]],
        concepts: Sequence[LabelMatch],
        counter_signs: Mapping[str, CounterSign],
    ) -> None:
        """Take what the matcher found.

        Args:
            normalised: the text.
            place: written into the hits.
            phrases: matches by number of the phrase.
            concepts: where they stand.
            counter_signs: of the lexicon, by code.
        """
        self._normalised = normalised
        self._place = place
        self._words = normalised.words
        self._phrases = phrases
        self._concepts = concepts
        self._counter_signs = counter_signs
        self._sentences = Sentences(normalised)
        self._contexts = Contexts(normalised)

    def signs(
        self, cues: Iterable[CueSearch], frames: Iterable[FrameSearch], void: frozenset[str]
    ) -> FoundSigns:
        """Return the signs of the text.

        Args:
            cues: that may stand in it, in the order of the lexicon.
            frames: likewise.
            void: counter-signs that the text makes void.
        """
        by_code: dict[str, list[tuple[Match, Hit]]] = {}
        for cue in cues:
            for match, parts in self._matches_of_cue(cue):
                hit = self._hit(cue.code, match, parts, is_ordinary=cue.is_ordinary)
                by_code.setdefault(cue.code, []).append((match, hit))
        for frame in frames:
            for match, parts in self._matches_of_frame(frame):
                hit = self._hit(frame.code, match, parts, is_ordinary=True)
                by_code.setdefault(frame.code, []).append((match, hit))
        signs = self._counter_signs
        beside = {
            code: [m for m, _ in by_code[code]] for code in by_code if code in signs and signs[code].is_local
        }
        indicators: list[Hit] = [*self._disguise_hits()]
        used: set[tuple[str, int]] = set()
        for code, pairs in by_code.items():
            if code not in signs and code != VICTIM:
                for match, hit in pairs:
                    lowered = self._local_signs(code, match, beside, used)
                    indicators.append(replace(hit, lowered_by=lowered) if lowered else hit)
        counter = [
            hit
            for code, pairs in by_code.items()
            if code in signs
            for match, hit in pairs
            if code not in beside or (code, match.first) in used
        ]
        victim = _widest(hit for _, hit in by_code.get(VICTIM, ()))
        return FoundSigns(_widest(indicators), _widest(counter), victim, void, self._concepts)

    def _matches_of_cue(self, cue: CueSearch) -> Iterable[tuple[Match, Sequence[Match]]]:
        """Return where all parts of a cue stand together: the whole, and each part."""
        parts = [[m for n in part for m in self._phrases.get(n, ())] for part in cue.parts]
        if not all(parts):
            return
        absent = [m for part in cue.absent for n in part for m in self._phrases.get(n, ())]
        for match, together in self._together(parts, is_near=cue.is_near):
            if not any(self._is_close(match, a) for a in absent):
                yield match, together

    def _matches_of_frame(self, frame: FrameSearch) -> Iterable[tuple[Match, Sequence[Match]]]:
        """Return where a situation shows; its concepts are looked at in the first places they stand."""
        parts = [
            [Match(first, last) for first, last, _ in islice(self._standing(part), _MAX_PLACES)]
            for part in frame.parts
        ]
        return self._together(parts, is_near=frame.is_near)

    def _standing(self, part: int) -> Iterator[LabelMatch]:
        return (match for match in self._concepts if part >> match[2] & 1)

    def _together(
        self, parts: Sequence[Sequence[Match]], *, is_near: bool
    ) -> Iterable[tuple[Match, Sequence[Match]]]:
        for anchor in parts[0]:
            together = [anchor]
            for part in parts[1:]:
                near = self._nearest(anchor, part, is_near=is_near)
                if near is None:
                    break
                together.append(near)
            else:
                match = _span_of(together)
                if is_near or not self._crosses_sentence(match):
                    yield match, together

    def _nearest(self, anchor: Match, part: Iterable[Match], *, is_near: bool) -> Match | None:
        """Return the closest match of a part that may go with the anchor."""

        def distance(match: Match) -> int:
            return max(match.first - anchor.last, anchor.first - match.last, 0)

        sentence = self._sentences.number(anchor.first)
        allowed = [
            match
            for match in part
            if (distance(match) <= NEAR_WORDS if is_near else self._sentences.number(match.first) == sentence)
        ]
        return min(allowed, key=distance, default=None)

    def _crosses_sentence(self, match: Match) -> bool:
        """A phrase does not run over the end of a sentence."""
        if match.first == match.last:
            return False
        return self._sentences.number(match.first) != self._sentences.number(match.last)

    def _is_close(self, match: Match, other: Match) -> bool:
        return (
            self._sentences.number(match.first) == self._sentences.number(other.first)
            or max(other.first - match.last, match.first - other.last) <= _LOCAL_WORDS
        )

    def _hit(self, code: str, match: Match, parts: Sequence[Match], *, is_ordinary: bool) -> Hit:
        is_counter = code in self._counter_signs
        reason = self._reason(match, parts, is_counter=is_counter)
        if reason is None and not is_counter and code != VICTIM:
            reason = self._contexts.reason(code, match.first)
        spans = self._normalised.word_spans
        start, end = self._normalised.original_span(spans[match.first][0], spans[match.last][1])
        return Hit(
            _VICTIM_CODE if code == VICTIM else code,
            self._place,
            start,
            end,
            self._normalised.original[start:end],
            counted=reason is None,
            reason=reason,
            is_ordinary=is_ordinary and not is_counter,
        )

    def _reason(self, match: Match, parts: Sequence[Match], *, is_counter: bool) -> str | None:
        """Return why a found cue does not mean what it says, or None."""
        words = self._words
        if is_negated(words, match, self._sentences):
            return NEGATED
        if is_counter:
            return NEGATED if is_waved_off(words, match, self._sentences) else None
        if len(parts) > 1 and any(is_part_denied(words, part) for part in parts):
            return NEGATED
        return ORDINARY if is_of_copy(words, match) else None

    def _local_signs(
        self,
        code: str,
        match: Match,
        beside: Mapping[str, list[Match]],
        used: set[tuple[str, int]],
    ) -> tuple[str, ...]:
        """Return the counter-signs that stand beside a hit, and note that they were of use."""
        codes = []
        for sign_code, sign in self._counter_signs.items():
            if sign_code not in beside or not sign.touches(code):
                continue
            near = [m for m in beside[sign_code] if self._is_close(match, m)]
            if near:
                codes.append(sign_code)
                used.update((sign_code, m.first) for m in near)
        return tuple(codes)

    def _disguise_hits(self) -> Iterable[Hit]:
        """Return X01 hits: letters pulled apart, foreign letters, digits, or several look-alikes.

        None in words that a machine recognised: it takes letters for look-alikes on its own.
        """
        if self._place is TextPlace.PICTURE:
            return
        original, span = self._normalised.original, self._normalised.original_span
        spans = list(self._normalised.disguised)
        soft: list[tuple[int, int]] = []
        has_lookalike = False
        for match in self._phrases.get(DISGUISED, ()):
            word = read_word(self._words[match.first])
            where = span(*self._normalised.word_spans[match.first])
            has_lookalike |= word.disguise is Disguise.LOOKALIKE
            (spans if word.disguise in _STRONG_DISGUISES else soft).append(where)
        if spans or (has_lookalike and len({original[s:e].lower() for s, e in soft}) > 1):
            spans += soft
        for start, end in sorted(spans)[:_MAX_DISGUISED]:
            yield Hit("X01", self._place, start, end, original[start:end])


def _span_of(matches: Sequence[Match]) -> Match:
    """Return one match over several, or the first of them if they are far apart."""
    first, last = min(m.first for m in matches), max(m.last for m in matches)
    skipped = tuple(index for m in matches for index in m.skipped)
    if len(matches) > 1 and last - first > _WIDE_HIT_WORDS:
        return matches[0]
    return Match(first, last, skipped)


def _widest(hits: Iterable[Hit]) -> tuple[Hit, ...]:
    """Drop a hit that lies inside another of its code and standing; keep text order."""
    kept: list[Hit] = []
    for hit in sorted(hits, key=lambda h: (h.code, not h.counted, h.is_ordinary, h.start, -h.end)):
        last = kept[-1] if kept else None
        if (
            last is not None
            and (last.code, last.counted, last.is_ordinary) == (hit.code, hit.counted, hit.is_ordinary)
            and hit.end <= last.end
        ):
            continue
        kept.append(hit)
    return tuple(sorted(kept, key=lambda h: (h.start, h.end, h.code)))
