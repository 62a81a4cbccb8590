"""Language of an ad and of each of its sentences: Kazakh, Russian, Uzbek, Kyrgyz, English, mixed, unknown.

Words vote with what is known about them: letters that one language has,
short lists of everyday words, the Russian dictionary, and how probable the
word's letter triples are in each language (``language_profiles``). So Kazakh
typed without its letters and Kazakh in Latin are Kazakh, which letter tests
and general identifiers miss (cld2 calls all Latin Kazakh Turkmen). cld2 is
asked about Latin text that holds hardly a known word: it knows Spanish.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain, islice

import pycld2  # type: ignore[import-untyped]

from classifiers.language_words import (
    EN,
    ENGLISH_WORDS,
    FOREIGN_WORDS,
    KAZAKH_LATIN,
    KAZAKH_WORDS,
    KK,
    KY,
    KYRGYZ_WORDS,
    LANGUAGES,
    OFFICIAL_KAZAKH,
    OWN_WORDS,
    RU,
    RUSSIAN_FORM,
    RUSSIAN_WORDS,
    SAYS_NOTHING,
    UZ,
    UZBEK_APOSTROPHE,
    UZBEK_WORDS,
    evidence_of_words,
)
from classifiers.text import NormalisedText, read_word
from classifiers.text.characters import TURKIC_PLAIN
from classifiers.text.sentences import sentence_spans
from classifiers.text.stems import fold_kazakh
from models.enums import Language

_MAX_WORDS = 200
# How sure a word must be to count as a word of its language.
_SURE = 2.0

_MIXED_SHARE = 0.35
_MIXED_MIN_WORDS = 5
# A whole clause in the other language is a switch at a smaller share; single loan words are not.
_MIXED_SHARE_WITH_CLAUSE = 0.18
_CLAUSE_WORDS = 4
_MIN_SPEECH = {RU: 2, EN: 4}
# Before a word is read: what a short text in this country most likely is.
_PRIOR = (0.8, 0.8, -1.4, -1.4, 0.0)
_TURKIC = frozenset({KK, KY, UZ})

# A language is clear when so many everyday words are its own and hardly one another's.
_CLEAR_WORDS = 8
_CLEAR_SHARE = 0.93
# Terms of a trade are English in every language.
_CLEAR_SHARE_WITH_ENGLISH = 0.8
_TURKIC_LETTERS = "әғқңөұүһўҳáǵńúýışğñ"

_CLD2_CHARACTERS = 2_000
_CLD2_MIN_WORDS = 3
_KNOWN_SHARE = 0.2
_UNSAFE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
_FROM_CLD2 = {"en": EN, "kk": KK, "ky": KY, "uz": UZ}
# Names that cld2 gives to Latin Kazakh, Uzbek and Kyrgyz.
_CLD2_TURKIC = frozenset({"tr", "tk", "az", "tt", "crh", "ug", "kk", "uz", "ky", "un"})


class Script(StrEnum):
    """Script of most letters."""

    CYRILLIC = "cyrl"
    LATIN = "latn"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class SentenceLanguage:
    """Language of one sentence.

    Attributes:
        start: code points of the *normalised* text.
        end: not included.
        language: never ``mixed``: the one that explains the words best.
        script: of most of its words.
    """

    start: int
    end: int
    language: Language
    script: Script


def detect_language(*texts: NormalisedText) -> Language:
    """Return the language of an ad, from the first 200 words of its normalised texts together."""
    words = list(islice(chain.from_iterable(part.words for part in texts), _MAX_WORDS))
    counts = Counter(map(OWN_WORDS.get, words))
    clear = _clear_language([counts[language] for language in range(len(LANGUAGES))], texts)
    if clear is not None:
        return clear
    sums = _sum_up(words)
    if sums is None:
        return Language.UNKNOWN
    best = max(range(len(LANGUAGES)), key=sums.__getitem__)
    if best != RU and not _holds_cyrillic(words):
        foreign = _foreign(best, words, texts)
        if foreign is not None:
            return foreign
    return Language.MIXED if _is_mixed(best, words) else LANGUAGES[best]


def _clear_language(counts: Sequence[int], texts: Iterable[NormalisedText]) -> Language | None:
    """Return the language that plainly owns the everyday words of a text, if one does.

    Args:
        counts: of such words, in the order of ``LANGUAGES``.
        texts: of the ad.
    """
    total = sum(counts)
    if total < _CLEAR_WORDS:
        return None
    language = counts.index(max(counts))
    if language in _TURKIC:
        return None
    if counts[language] < _CLEAR_SHARE * (total - (counts[EN] if language == RU else 0)):
        return None
    if counts[language] < _CLEAR_SHARE_WITH_ENGLISH * total:
        return None
    return None if any(map(_has_turkic_letter, texts)) else LANGUAGES[language]


def _has_turkic_letter(text: NormalisedText) -> bool:
    if text.encoded is None:
        return any(letter in text.text for letter in _TURKIC_LETTERS)
    return b"\1" in text.encoded.translate(TURKIC_PLAIN)


def _sum_up(words: Sequence[str]) -> list[float] | None:
    """Return the evidence of all words together; None when not one can be read."""
    read = [one for one in map(evidence_of_words.__getitem__, words) if one is not SAYS_NOTHING]
    return [sum(column) for column in zip(_PRIOR, *read, strict=True)] if read else None


def _language_of(word: str) -> int | None:
    """Return the one language a word surely is of, or None."""
    evidence = evidence_of_words[word]
    if evidence is SAYS_NOTHING:
        return None
    best = evidence.index(0.0)
    rest = max(value for at, value in enumerate(evidence) if at != best)
    return best if rest <= -_SURE else None


def _holds_cyrillic(words: Sequence[str]) -> bool:
    return any(read_word(word).script == "c" for word in words)


def _foreign(best: int, words: Sequence[str], texts: Iterable[NormalisedText]) -> Language | None:
    """Return UNKNOWN for Latin text of a language that is none of ours, EN if cld2 says so; else None."""
    latin = [word for word in words if read_word(word).script == "l"]
    lists = {EN: ENGLISH_WORDS, KK: KAZAKH_LATIN, UZ: UZBEK_WORDS, KY: KYRGYZ_WORDS}
    letters = {KK: OFFICIAL_KAZAKH, UZ: UZBEK_APOSTROPHE}.get(best)
    known = sum(
        word in lists[best]
        or (letters is not None and letters.search(word) is not None and word not in FOREIGN_WORDS)
        for word in latin
    )
    foreign = sum(word in FOREIGN_WORDS or "ç" in word for word in latin)
    if len(latin) < _CLD2_MIN_WORDS or (known > _KNOWN_SHARE * len(latin) and known > foreign):
        return None
    sample = _UNSAFE.sub(" ", "\n".join(part.text for part in texts)[:_CLD2_CHARACTERS])
    try:
        is_reliable, _, details = pycld2.detect(sample, isPlainText=True)
    except pycld2.error:
        return None
    code = details[0][1]
    if code in _FROM_CLD2:
        return LANGUAGES[_FROM_CLD2[code]] if best == EN or code == "en" else None
    if foreign > known and foreign >= _CLD2_MIN_WORDS:
        return Language.UNKNOWN
    return None if code in _CLD2_TURKIC or not is_reliable else Language.UNKNOWN


def _is_mixed(first: int, words: Sequence[str]) -> bool:
    """Whether a second language holds clauses of its own beside the first."""
    languages = [_language_of(word) for word in words]
    counts = Counter(language for language in languages if language is not None)
    # Kyrgyz and Uzbek words in a Kazakh text are echoes of shared endings, not a second language.
    others = [language for language in counts if language != first and not {first, language} <= _TURKIC]
    if not others:
        return False
    second = max(others, key=counts.__getitem__)
    n_second = counts[second]
    n_first = sum(n for language, n in counts.items() if language not in others)
    if n_second < _MIXED_MIN_WORDS or n_second <= _MIXED_SHARE_WITH_CLAUSE * (n_first + n_second):
        return False
    if second in _MIN_SPEECH and sum(_is_speech(word, second) for word in words) < _MIN_SPEECH[second]:
        # Names, terms and loan words alone: «процесс судья Каримованын», «SQL, Data Warehouse».
        return False
    is_large = n_second > _MIXED_SHARE * (n_first + n_second)
    return is_large or _longest_run(second, languages) >= _CLAUSE_WORDS


def _is_speech(word: str, language: int) -> bool:
    """Whether a word is of Russian or English grammar, not a noun that any neighbour borrows."""
    reading = read_word(word).reading
    if language == EN:
        return reading in ENGLISH_WORDS
    if fold_kazakh(reading) in KAZAKH_WORDS or _language_of(word) != RU:
        return False
    return reading in RUSSIAN_WORDS or RUSSIAN_FORM.search(reading) is not None


def _longest_run(language: int, languages: Iterable[int | None]) -> int:
    longest = run = 0
    for one in languages:
        run = run + 1 if one == language else 0
        longest = max(longest, run)
    return longest


def sentence_languages(normalised: NormalisedText) -> tuple[SentenceLanguage, ...]:
    """Return script and language of each sentence that holds a letter, in order.

    A mixed ad is Russian in one sentence and Kazakh in the next; a sentence too
    short to tell («Тел.:») has the language of the one before it.
    """
    spans, words = normalised.word_spans, normalised.words
    found: list[SentenceLanguage] = []
    at = 0
    for start, end in sentence_spans(normalised):
        first = at
        while at < len(spans) and spans[at][0] < end:
            at += 1
        inside = words[first:at][:_MAX_WORDS]
        sums = _sum_up(inside)
        if sums is None:
            continue
        ranked = sorted(sums, reverse=True)
        is_sure = ranked[0] - ranked[1] >= 1.0
        language = LANGUAGES[sums.index(ranked[0])] if is_sure or not found else found[-1].language
        scripts = Counter(read_word(word).script for word in inside)
        script = (
            Script.CYRILLIC
            if scripts["c"] >= max(scripts["l"], 1)
            else Script.LATIN
            if scripts["l"]
            else Script.OTHER
        )
        found.append(SentenceLanguage(start, end, language, script))
    return tuple(found)
