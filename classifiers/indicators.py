"""Finding the signs of the lexicon in a text, with their places in the original.

``find_indicators`` says what stands there; whether a sign counts beside the
others of the whole ad is decided in :mod:`classifiers.risk`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

from classifiers.context import Sentences, is_negated, is_of_copy, is_part_denied, is_waved_off
from classifiers.context_rules import Contexts
from classifiers.lexicon import CounterSign, Cue, Frame, Lexicon
from classifiers.lexicon.grammar import NEAR_WORDS, Phrase
from classifiers.lexicon.matcher import DISGUISED, READINGS, Match, Matcher, WordKeys
from classifiers.text import Disguise, NormalisedText, read_word
from models.enums import Language, TextPlace

VICTIM = "live_victim"
NEGATED = "negated"
ORDINARY = "ordinary_word"
"""Reasons why a hit does not count; the screens have a wording for each."""
# A cry for help is a sign of control; it is shown under that indicator.
_VICTIM_CODE = "R19"
_WIDE_HIT_WORDS = 12
_LOCAL_WORDS = 12
_MAX_DISGUISED = 20
# An ad says what it means in its first places; every part is compared with every other.
_MAX_PLACES = 40
_CACHE_SIZE = 100_000
_STRONG_DISGUISES = frozenset({Disguise.FOREIGN, Disguise.DIGIT})


@dataclass(frozen=True, slots=True)
class Hit:
    """One place where an indicator or a counter-sign shows.

    Attributes:
        code: of the indicator or counter-sign.
        place: title or text of the ad.
        start: code points of the original text of that place.
        end: not included.
        quote: ``text[start:end]``.
        weight: effective weight of its indicator; 0 for a hit that does not count.
        counted: whether it takes part in the score.
        reason: why it does not count, or None.
        is_ordinary: the cue is also an ordinary word (see the lexicon).
        lowered_by: codes of counter-signs right beside it.
    """

    code: str
    place: TextPlace
    start: int
    end: int
    quote: str
    weight: float = 0.0
    counted: bool = True
    reason: str | None = None
    is_ordinary: bool = False
    lowered_by: tuple[str, ...] = ()


_OfLanguages = tuple[int, frozenset[str]]
"""A concept, and the languages in which a word or phrase stands for it."""
# In which languages the words of an ad may stand for concepts: neighbours share words that mean other things.
_READ_AS = {
    Language.KK: frozenset({"any", "kk", "ru"}),
    Language.RU: frozenset({"any", "ru"}),
    Language.UZ: frozenset({"any", "uz", "ru"}),
    Language.KY: frozenset({"any", "ky", "ru"}),
    Language.EN: frozenset({"any", "en"}),
    Language.MIXED: frozenset({"any", "kk", "ru"}),
    Language.UNKNOWN: frozenset({"any", "kk", "ru", "uz", "ky", "en"}),
}
_READING = {language: language.value if language.value in READINGS else "any" for language in Language}


class ConceptMatch(NamedTuple):
    """A concept and the words it stands in: number in the order of the lexicon, first and last word."""

    concept: int
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class FoundSigns:
    """What one text holds.

    Attributes:
        indicators: hits in text order.
        counter_signs: likewise; local ones only where they stand beside a hit.
        victim: cries for help.
        void_codes: counter-signs that the text itself makes void.
        concepts: where each concept of the lexicon stands, in text order.
    """

    indicators: tuple[Hit, ...] = ()
    counter_signs: tuple[Hit, ...] = ()
    victim: tuple[Hit, ...] = ()
    void_codes: frozenset[str] = frozenset()
    concepts: tuple[ConceptMatch, ...] = ()


@dataclass(frozen=True, slots=True)
class _CompiledCue:
    code: str
    cue: Cue
    parts: tuple[frozenset[int], ...]
    absent: tuple[frozenset[int], ...]


@dataclass(frozen=True, slots=True)
class _CompiledFrame:
    """A frame with its concepts as bits, to be told in a moment whether it can hold."""

    code: str
    frame: Frame
    parts: tuple[int, ...]
    absent: int


class SignFinder:
    """A lexicon compiled for finding; build once, use for every text."""

    def __init__(self, lexicon: Lexicon) -> None:
        """Number the phrases of every cue and hang them on their rarest words."""
        self._lexicon = lexicon
        self._numbers: dict[Phrase, int] = {}
        self._cues: list[_CompiledCue] = []
        owners: Iterable[tuple[str, Sequence[Cue]]] = (
            *((i.code, i.cues) for i in lexicon.indicators.values()),
            *((s.code, s.cues) for s in lexicon.counter_signs.values()),
            (VICTIM, lexicon.live_victim),
        )
        for code, cues in owners:
            self._cues += (self._compile(code, cue) for cue in cues)
        self._void = {
            code: self._number(sign.void_phrases)
            for code, sign in lexicon.counter_signs.items()
            if sign.void_phrases
        }
        names = {name: number for number, name in enumerate(lexicon.concepts.phrases)}
        concepts_of_key: dict[str, list[_OfLanguages]] = {}
        self._concepts_of_phrase: dict[int, list[_OfLanguages]] = {}
        for name, phrases in lexicon.concepts.phrases.items():
            for phrase, languages in phrases.items():
                if len(phrase) > 1:
                    number = self._numbers.setdefault(phrase, len(self._numbers))
                    self._concepts_of_phrase.setdefault(number, []).append((names[name], languages))
                else:
                    for key in phrase[0].keys:
                        concepts_of_key.setdefault(key, []).append((names[name], languages))
        self._frames = [
            _CompiledFrame(i.code, f, tuple(_bits(part, names) for part in f.parts), _bits(f.absent, names))
            for i in lexicon.indicators.values()
            for f in i.frames
        ]
        self._cues_by_phrase: dict[int, list[int]] = {}
        for index, compiled in enumerate(self._cues):
            # A cue is looked at when its first part is found.
            for number in compiled.parts[0]:
                self._cues_by_phrase.setdefault(number, []).append(index)
        # Phrases that say something beside their concept.
        self._signs = frozenset({DISGUISED}.union(self._cues_by_phrase, *self._void.values()))
        self._matcher = Matcher(tuple(self._numbers), _poor_anchors(self._numbers), concepts_of_key)
        self._word_concepts = {
            language: _WordConcepts(self._matcher.keys_of(_READING[language]), concepts_of_key, read_as)
            for language, read_as in _READ_AS.items()
        }

    def _number(self, phrases: Iterable[Phrase]) -> frozenset[int]:
        return frozenset(self._numbers.setdefault(phrase, len(self._numbers)) for phrase in phrases)

    def _compile(self, code: str, cue: Cue) -> _CompiledCue:
        parts = tuple(self._number(part) for part in cue.parts)
        return _CompiledCue(code, cue, parts, tuple(self._number(part) for part in cue.absent))

    def find(self, normalised: NormalisedText, place: TextPlace, language: Language) -> FoundSigns:
        """Return all signs of one normalised text of an ad in that language."""
        found = self._matcher.find(normalised.words, _READING[language])
        concepts = self._find_concepts(normalised.words, found, language)
        present = _union(concepts) if self._frames else 0
        frames = [f for f in self._frames if not f.absent & present and all(p & present for p in f.parts)]
        if self._signs.isdisjoint(found) and not normalised.disguised and not frames:
            return FoundSigns(concepts=concepts)
        return _Reading(self, normalised, place, found, (concepts, frames)).signs()

    def _find_concepts(
        self, words: Sequence[str], found: Mapping[int, Sequence[Match]], language: Language
    ) -> tuple[ConceptMatch, ...]:
        of_word, of_phrase = self._word_concepts[language], self._concepts_of_phrase
        read_as = _READ_AS[language]
        matches = [
            ConceptMatch(concept, index, index)
            for index, concepts in enumerate(map(of_word.__getitem__, words))
            if concepts
            for concept in concepts
        ]
        for number in found.keys() & of_phrase.keys():
            said = [c for c, languages in of_phrase[number] if not languages.isdisjoint(read_as)]
            matches += (ConceptMatch(c, m.first, m.last) for m in found[number] for c in said)
        return tuple(sorted(matches, key=_place))


class _Reading:
    """One text while its matches are put together to hits."""

    def __init__(
        self,
        finder: SignFinder,
        normalised: NormalisedText,
        place: TextPlace,
        found: Mapping[int, list[Match]],
        situation: tuple[tuple[ConceptMatch, ...], Sequence[_CompiledFrame]],
    ) -> None:
        self._finder = finder
        self._normalised = normalised
        self._place = place
        self._words = normalised.words
        self._found = found
        self._sentences = Sentences(normalised)
        self._contexts = Contexts(normalised)
        self._concepts, self._frames = situation

    def signs(self) -> FoundSigns:
        lexicon = self._finder._lexicon
        by_code: dict[str, list[tuple[Match, Hit]]] = {}
        for index in sorted({i for n in self._found for i in self._finder._cues_by_phrase.get(n, ())}):
            compiled = self._finder._cues[index]
            for match, parts in self._matches_of_cue(compiled):
                hit = self._hit(compiled.code, match, parts, is_ordinary=compiled.cue.is_ordinary)
                by_code.setdefault(compiled.code, []).append((match, hit))
        for frame in self._frames:
            for match, parts in self._matches_of_frame(frame):
                hit = self._hit(frame.code, match, parts, is_ordinary=True)
                by_code.setdefault(frame.code, []).append((match, hit))
        local = {code: sign for code, sign in lexicon.counter_signs.items() if sign.is_local}
        beside = {code: [m for m, _ in by_code.get(code, ())] for code in local}
        indicators: list[Hit] = [*self._disguise_hits()]
        used: set[tuple[str, int]] = set()
        for code, pairs in by_code.items():
            if code in lexicon.indicators:
                for match, hit in pairs:
                    lowered = self._local_signs(code, match, local, beside, used)
                    indicators.append(replace(hit, lowered_by=lowered) if lowered else hit)
        counter = [
            hit
            for code, pairs in by_code.items()
            if code in lexicon.counter_signs
            for match, hit in pairs
            if code not in local or (code, match.first) in used
        ]
        void = {c for c, numbers in self._finder._void.items() if not numbers.isdisjoint(self._found)}
        return FoundSigns(
            _widest(indicators),
            _widest(counter),
            _widest(h for _, h in by_code.get(VICTIM, ())),
            frozenset(void),
            self._concepts,
        )

    def _matches_of_cue(self, compiled: _CompiledCue) -> Iterable[tuple[Match, Sequence[Match]]]:
        """Return where all parts of a cue stand together: the whole, and each part."""
        parts = [[m for n in part for m in self._found.get(n, ())] for part in compiled.parts]
        if not all(parts):
            return
        absent = [m for part in compiled.absent for n in part for m in self._found.get(n, ())]
        for match, together in self._together(parts, is_near=compiled.cue.is_near):
            if not any(self._is_close(match, a) for a in absent):
                yield match, together

    def _matches_of_frame(self, compiled: _CompiledFrame) -> Iterable[tuple[Match, Sequence[Match]]]:
        """Return where a situation shows; its concepts are looked at in the first places they stand."""
        parts = [
            [Match(m.first, m.last) for m in islice(self._standing(part), _MAX_PLACES)]
            for part in compiled.parts
        ]
        return self._together(parts, is_near=compiled.frame.is_near)

    def _standing(self, part: int) -> Iterator[ConceptMatch]:
        return (match for match in self._concepts if part >> match.concept & 1)

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
        is_counter = code in self._finder._lexicon.counter_signs
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
        local: Mapping[str, CounterSign],
        beside: Mapping[str, list[Match]],
        used: set[tuple[str, int]],
    ) -> tuple[str, ...]:
        """Return the counter-signs that stand beside a hit, and note that they were of use."""
        codes = []
        for sign_code, sign in local.items():
            near = [m for m in beside[sign_code] if sign.touches(code) and self._is_close(match, m)]
            if near:
                codes.append(sign_code)
                used.update((sign_code, m.first) for m in near)
        return tuple(codes)

    def _disguise_hits(self) -> Iterable[Hit]:
        """Return X01 hits: letters pulled apart, foreign letters, digits, or several look-alikes."""
        original, span = self._normalised.original, self._normalised.original_span
        spans = list(self._normalised.disguised)
        soft: list[tuple[int, int]] = []
        has_lookalike = False
        for match in self._found.get(DISGUISED, ()):
            word = read_word(self._words[match.first])
            where = span(*self._normalised.word_spans[match.first])
            has_lookalike |= word.disguise is Disguise.LOOKALIKE
            (spans if word.disguise in _STRONG_DISGUISES else soft).append(where)
        if spans or (has_lookalike and len({original[s:e].lower() for s, e in soft}) > 1):
            spans += soft
        for start, end in sorted(spans)[:_MAX_DISGUISED]:
            yield Hit("X01", self._place, start, end, original[start:end])


class _WordConcepts(dict[str, tuple[int, ...]]):
    """Numbers of the concepts a written word stands for by itself; bounded, filled on demand."""

    def __init__(
        self, keys: WordKeys, concepts_of_key: Mapping[str, Sequence[_OfLanguages]], read_as: frozenset[str]
    ) -> None:
        super().__init__()
        self._keys = keys
        self._concepts_of_key = concepts_of_key
        self._read_as = read_as

    def __missing__(self, written: str) -> tuple[int, ...]:
        if len(self) >= _CACHE_SIZE:
            self.clear()
        numbers = {
            concept
            for key in self._keys[written]
            for concept, languages in self._concepts_of_key.get(key, ())
            if not languages.isdisjoint(self._read_as)
        }
        found = self[written] = tuple(sorted(numbers))
        return found


def _place(match: ConceptMatch) -> tuple[int, int, int]:
    return match.first, match.last, match.concept


def _union(matches: Iterable[ConceptMatch]) -> int:
    present = 0
    for match in matches:
        present |= 1 << match.concept
    return present


def _bits(names: Iterable[str], numbers: Mapping[str, int]) -> int:
    return sum(1 << numbers[name] for name in names)


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


# Words that many ordinary ads have; a phrase is looked for by its other words.
_FREQUENT_WORDS = (
    "работа работать опыт в с на у из по от до и не нет без за для мы наш вы ваш компания клиент "
    "день год месяц рабочий время человек офис данные документ модель онлайн рынок часть знание "
    "готовый другой новый команда счёт анализ рост магазин продажа искать нужный требоваться "
    "возможность зарплата оплата выходной график with for your work in of to a the we you our "
    "looking and on is are be team new data experience жумыс "
)


def _poor_anchors(phrases: Iterable[Phrase]) -> frozenset[str]:
    """Return the keys by which a phrase is better not looked for: frequent words, and very short ones."""
    frequent = {word.replace("ё", "е") for word in _FREQUENT_WORDS.split()}
    keys = {key for phrase in phrases for slot in phrase for key in slot.keys}
    return frozenset(key for key in keys if key[2:] in frequent or len(key) <= len("r:за"))


@lru_cache(maxsize=4)
def sign_finder(lexicon: Lexicon) -> SignFinder:
    """Return the finder of a lexicon, compiled once."""
    return SignFinder(lexicon)


def find_indicators(
    normalised: NormalisedText, place: TextPlace, lexicon: Lexicon, language: Language
) -> FoundSigns:
    """Return the signs of a lexicon in one text, in text order.

    Args:
        normalised: the text; spans of the hits point into its original.
        place: written into the hits.
        lexicon: usually ``load_lexicon()``.
        language: of the whole ad; concepts are looked for in its words and in those it borrows from.
    """
    return sign_finder(lexicon).find(normalised, place, language)
