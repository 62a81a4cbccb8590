"""Finding the signs of the lexicon in a text, with their places in the original.

``find_indicators`` says what stands there; whether a sign counts beside the
others of the whole ad is decided in :mod:`classifiers.risk`.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from classifiers.hits import NEGATED, ORDINARY, FoundSigns, Hit
from classifiers.lexicon import Lexicon
from classifiers.lexicon.compiled import VICTIM, compile_lexicon
from classifiers.lexicon.matcher import DISGUISED, LabelMatch, Match, Matcher
from classifiers.reading import CueSearch, FrameSearch, Reading
from classifiers.text import NormalisedText
from models.enums import Language, TextPlace

__all__ = ["NEGATED", "ORDINARY", "FoundSigns", "Hit", "SignFinder", "find_indicators", "sign_finder"]


class SignFinder:
    """A lexicon compiled for finding; build once, use for every text."""

    def __init__(self, lexicon: Lexicon) -> None:
        """Take the compiled form of a lexicon, which may first have to be made."""
        compiled = compile_lexicon(lexicon)
        self._matcher = Matcher(compiled.tables)
        self._counter_signs = lexicon.counter_signs
        choices = [frozenset(choice) for choice in compiled.choices]
        self._cues = [
            CueSearch(
                cue.code,
                tuple(choices[part] for part in cue.parts),
                tuple(choices[part] for part in cue.absent),
                cue.is_near,
                cue.is_ordinary,
            )
            for cue in compiled.cues
        ]
        self._cues_by_phrase: dict[int, list[int]] = {}
        for index, cue in enumerate(self._cues):
            # A cue is looked at when its first part is found.
            for number in cue.parts[0]:
                self._cues_by_phrase.setdefault(number, []).append(index)
        self._void = {code: frozenset(numbers) for code, numbers in compiled.void.items()}
        self._demand = frozenset(compiled.demand)
        numbers = {name: number for number, name in enumerate(lexicon.concepts.definitions)}
        self._frames = [
            FrameSearch(
                indicator.code,
                tuple(_bits(part, numbers) for part in frame.parts),
                _bits(frame.absent, numbers),
                frame.is_near,
            )
            for indicator in lexicon.indicators.values()
            for frame in indicator.frames
        ]

    def find(self, normalised: NormalisedText, place: TextPlace, language: Language) -> FoundSigns:
        """Return all signs of one normalised text of an ad in that language."""
        phrases, concepts = self._matcher.find(normalised.words, language)
        frames = self._possible_frames(concepts)
        cues = self._possible_cues(phrases, has_frames=bool(frames))
        void = frozenset(code for code, of_code in self._void.items() if not of_code.isdisjoint(phrases))
        if not cues and not frames and not normalised.disguised and DISGUISED not in phrases:
            return FoundSigns(void_codes=void, concepts=concepts)
        reading = Reading(normalised, place, phrases, concepts, self._counter_signs)
        return reading.signs(cues, frames, void)

    def speaks_of_demand(self, words: Sequence[str]) -> bool:
        """Whether words say that something is sought or bought."""
        return not self._demand.isdisjoint(self._matcher.find(words).phrases)

    def _possible_frames(self, concepts: Iterable[LabelMatch]) -> list[FrameSearch]:
        """Return the situations whose concepts are all there."""
        present = 0
        for concept in {concept for _, _, concept in concepts}:
            present |= 1 << concept
        return [
            frame
            for frame in self._frames
            if frame.parts[0] & present
            and not frame.absent & present
            and all(part & present for part in frame.parts)
        ]

    def _possible_cues(self, phrases: Mapping[int, Sequence[Match]], *, has_frames: bool) -> list[CueSearch]:
        """Return the cues of which every part is there; a local counter-sign only beside signs."""
        indices = {index for number in phrases for index in self._cues_by_phrase.get(number, ())}
        cues = [
            cue
            for cue in map(self._cues.__getitem__, sorted(indices))
            if not any(part.isdisjoint(phrases) for part in cue.parts)
        ]
        signs = self._counter_signs
        if has_frames or any(cue.code not in signs and cue.code != VICTIM for cue in cues):
            return cues
        return [cue for cue in cues if cue.code == VICTIM or not signs[cue.code].is_local]


def _bits(names: Iterable[str], numbers: Mapping[str, int]) -> int:
    return sum(1 << numbers[name] for name in names)


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
