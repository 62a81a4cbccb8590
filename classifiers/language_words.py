"""What one written word says of the language of a text.

Letters that one language has, short lists of everyday words, the Russian
dictionary, and how probable the word's letter triples are in each language
(``language_profiles``).
"""

import re
from collections import Counter
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import yaml

from classifiers.text import Word, read_word
from classifiers.text.russian import is_russian_word
from classifiers.text.stems import fold_kazakh
from models.enums import Language

PROFILES = Path(__file__).parent / "language_profiles"
LANGUAGES = (Language.KK, Language.RU, Language.KY, Language.UZ, Language.EN)
KK, RU, KY, UZ, EN = range(5)
"""Their places in ``LANGUAGES``."""
Evidence = tuple[float, ...]
"""For each of ``LANGUAGES`` how much worse it explains a word than the best one does: 0 or less, in nats."""

_MAX_REMEMBERED = 100_000
_FLOOR = -5.0
SAYS_NOTHING: Evidence = (0.0,) * len(LANGUAGES)
"""Evidence of numbers, signs and emoji."""


@cache
def _word_lists() -> dict[str, frozenset[str]]:
    raw = yaml.safe_load((PROFILES / "words.yaml").read_text("utf-8"))
    return {name: frozenset(words.split()) for name, words in raw.items()}


_LISTS = _word_lists()
# й is typed for и and the other way round: the list is looked up folded.
KAZAKH_WORDS = frozenset(map(fold_kazakh, _LISTS["kazakh_folded"]))
KAZAKH_LATIN = _LISTS["kazakh_latin"]
UZBEK_WORDS = _LISTS["uzbek"] | {word.replace("'", "") for word in _LISTS["uzbek"]}
KYRGYZ_WORDS = _LISTS["kyrgyz"]
RUSSIAN_WORDS = _LISTS["russian"]
ENGLISH_WORDS = _LISTS["english"]
FOREIGN_WORDS = _LISTS["foreign_latin"] - ENGLISH_WORDS - UZBEK_WORDS - KAZAKH_LATIN


def _own_words() -> dict[str, int]:
    """Everyday words that one list alone holds, for a first look at a text."""
    lists = {
        RU: RUSSIAN_WORDS - KAZAKH_WORDS,
        EN: ENGLISH_WORDS,
        KK: _LISTS["kazakh_folded"] | KAZAKH_LATIN,
        KY: KYRGYZ_WORDS,
        UZ: UZBEK_WORDS,
    }
    counts = Counter(word for words in lists.values() for word in words)
    return {word: language for language, words in lists.items() for word in words if counts[word] == 1}


OWN_WORDS = _own_words()
"""Everyday words of one language alone, with its place in ``LANGUAGES``."""

Profile = dict[str, int]
_ABSENT_TENTHS = 80
# The costs of a triple in all languages are one number, so that those of a word are one sum:
# 16 bits a language, in tenths of a nat; a word has at most 64 triples.
_BITS = 16
_ONE_LANGUAGE = (1 << _BITS) - 1
_COLUMNS = {"cyrillic": (KK, RU, KY, UZ), "latin": (KK, UZ, KY, EN, RU)}


@cache
def _profile(script: str) -> Profile:
    """Return what each letter triple costs in each language of a script."""
    columns = _COLUMNS[script]
    profile: Profile = {}
    for line in (PROFILES / f"{script}.txt").read_text("utf-8").splitlines():
        triple, *tenths = line.rsplit(" ", len(columns))
        costs = [_ABSENT_TENTHS] * len(LANGUAGES)
        for column, value in zip(columns, tenths, strict=True):
            costs[column] = int(value)
        profile[triple] = _packed(costs)
    return profile


def _packed(tenths: Sequence[int]) -> int:
    packed = 0
    for cost in reversed(tenths):
        packed = packed << _BITS | cost
    return packed


# An unknown triple says little: it costs the same everywhere.
_UNKNOWN_TRIPLE = _packed((60,) * len(LANGUAGES))
# Letters follow each other, so the triples of a word are not independent evidence.
_TRIPLE_WEIGHT = 0.6
_LISTED = 3.0
_CERTAIN = 3.5


def _spelling(word: str, script: str) -> list[float]:
    """Return how well each language explains the letters of a word, in nats."""
    profile = _profile(script)
    framed = f"^{word}$"
    costs = sum([profile.get(framed[at : at + 3], _UNKNOWN_TRIPLE) for at in range(len(framed) - 2)])
    return [
        _TRIPLE_WEIGHT * -(costs >> _BITS * language & _ONE_LANGUAGE) / 10
        for language in range(len(LANGUAGES))
    ]


# Kyrgyz carries ө and о on into its endings and writes long vowels; Kazakh does neither.
_KYRGYZ_FORM = re.compile(
    r"(?:лөр|дөр|төр|нөн|дөн|төн|гө|кө|лүү|дүн|түн|нүн|сүз|лүк|түк|дүк|лөт|бөт|нөт|өө|үү|луу|дуу|туу|суу)"
    r"|(?:бойт|лот|дот|тот|лат|нат|йт|йбыз|йбиз|абыз|ебиз|обуз|өбүз|дагы|дөгү)$"
)
# Letters and endings of Russian alone, so that the dictionary need not be asked.
RUSSIAN_FORM = re.compile(
    r"[щъ]|(?:ть|ться|тся|ого|его|ому|ему|ыми|ими|ный|ная|ное|ные|ных|ным|ние|ния|нию|ций|ость|ости|ский|ских|ую"
    r"|ешь|ете|ишь|ите|аю|яю|ется|ится|ают|яют|уют|али|ала|или|ила|овал|ывать)$"
)
OFFICIAL_KAZAKH = re.compile("[áǵńóúýıäğñūş]|[aeiou]ı")
UZBEK_APOSTROPHE = re.compile("[og]['’ʻʼ`‘]")
# «ахахах», «ыыы», «хехе»: the same in every language.
_LAUGHTER = re.compile(r"[ахзпвъэео]{4,}|(.)\1*")
_KAZAKH_ONLY = frozenset("әұһі")
_UZBEK_ONLY = frozenset("ўҳ")
_TURKIC_ONLY = frozenset("ғқңөұүһәўҳі")


class _Evidence(dict[str, Evidence]):
    """Evidence by written word; bounded, filled on demand."""

    def __missing__(self, written: str) -> Evidence:
        if len(self) >= _MAX_REMEMBERED:
            self.clear()
        evidence = self[written] = _evidence_of(read_word(written), written)
        return evidence


def _evidence_of(word: Word, written: str) -> Evidence:
    if word.script == "c":
        scores = _cyrillic(word.reading)
    elif word.script == "l":
        scores = _latin(word.reading, written)
    else:
        return SAYS_NOTHING
    best = max(scores)
    return tuple(max(score - best, _FLOOR) for score in scores)


def _cyrillic(word: str) -> list[float]:
    letters = frozenset(word)
    if _LAUGHTER.fullmatch(word):
        return [0.0, 0.5, 0.0, 0.0, -1.0]
    scores = _spelling(word, "cyrillic")
    if letters & _KAZAKH_ONLY:
        scores[KK] += 4.0
    if letters & _UZBEK_ONLY:
        scores[UZ] += 5.0
    if letters & _TURKIC_ONLY:
        scores[RU] -= 6.0
    if letters & {"ғ", "қ"}:
        scores[KY] -= 4.0
    if letters & {"ө", "ү", "ң", "ы"}:
        scores[UZ] -= 2.0
    if fold_kazakh(word) in KAZAKH_WORDS:
        scores[KK] += _LISTED
    if word in KYRGYZ_WORDS:
        scores[KY] += _LISTED
    if word in UZBEK_WORDS:
        scores[UZ] += _LISTED
    if word in RUSSIAN_WORDS:
        scores[RU] += _LISTED
    if _KYRGYZ_FORM.search(word):
        scores[KY] += 1.5
    if RUSSIAN_FORM.search(word):
        scores[RU] += 1.0
    if not letters & _TURKIC_ONLY:
        lead = scores[RU] - max(scores[KK], scores[KY], scores[UZ])
        # The dictionary is asked where it can decide; it costs twenty times the rest.
        if lead >= _CERTAIN or (lead > -_CERTAIN and is_russian_word(word)):
            scores[RU] += 3.0
        elif len(word) > 3:
            scores[RU] -= 1.0
    return scores


def _latin(word: str, written: str) -> list[float]:
    scores = _spelling(written if UZBEK_APOSTROPHE.search(written) else word, "latin")
    if word in ENGLISH_WORDS:
        scores[EN] += _LISTED
    if word in KAZAKH_LATIN:
        scores[KK] += _LISTED
    if OFFICIAL_KAZAKH.search(word):
        scores[KK] += 4.0
    if word in UZBEK_WORDS:
        scores[UZ] += _LISTED
    if UZBEK_APOSTROPHE.search(written):
        scores[UZ] += 3.0
    if word in KYRGYZ_WORDS:
        scores[KY] += _LISTED
    # Kyrgyz and Russian are seldom written in Latin.
    scores[KY] -= 1.0
    scores[RU] -= 1.5
    return scores


evidence_of_words = _Evidence()
