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
from functools import cache
from itertools import chain, islice
from pathlib import Path

import pycld2  # type: ignore[import-untyped]
import yaml

from classifiers.text import NormalisedText, Word, read_word
from classifiers.text.russian import is_russian_word
from classifiers.text.sentences import sentence_spans
from classifiers.text.stems import fold_kazakh
from models.enums import Language

PROFILES = Path(__file__).parent / "language_profiles"
LANGUAGES = (Language.KK, Language.RU, Language.KY, Language.UZ, Language.EN)
_KK, _RU, _KY, _UZ, _EN = range(5)
Evidence = tuple[float, ...]
"""For each of ``LANGUAGES`` how much worse it explains a word than the best one does: 0 or less, in nats."""

_MAX_WORDS = 200
_MAX_REMEMBERED = 100_000
_FLOOR = -5.0
# How sure a word must be to count as a word of its language.
_SURE = 2.0
_NONE: Evidence = (0.0,) * len(LANGUAGES)

_MIXED_SHARE = 0.35
_MIXED_MIN_WORDS = 5
# A whole clause in the other language is a switch at a smaller share; single loan words are not.
_MIXED_SHARE_WITH_CLAUSE = 0.18
_CLAUSE_WORDS = 4
_MIN_SPEECH = {_RU: 2, _EN: 4}
# Before a word is read: what a short text in this country most likely is.
_PRIOR = (0.8, 0.8, -1.4, -1.4, 0.0)
_TURKIC = frozenset({_KK, _KY, _UZ})

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
_FROM_CLD2 = {"en": _EN, "kk": _KK, "ky": _KY, "uz": _UZ}
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


@cache
def _word_lists() -> dict[str, frozenset[str]]:
    raw = yaml.safe_load((PROFILES / "words.yaml").read_text("utf-8"))
    return {name: frozenset(words.split()) for name, words in raw.items()}


_LISTS = _word_lists()
# й is typed for и and the other way round: the list is looked up folded.
_KAZAKH_WORDS = frozenset(map(fold_kazakh, _LISTS["kazakh_folded"]))
_KAZAKH_LATIN = _LISTS["kazakh_latin"]
_UZBEK_WORDS = _LISTS["uzbek"] | {word.replace("'", "") for word in _LISTS["uzbek"]}
_KYRGYZ_WORDS = _LISTS["kyrgyz"]
_RUSSIAN_WORDS = _LISTS["russian"]
_ENGLISH_WORDS = _LISTS["english"]
_FOREIGN_WORDS = _LISTS["foreign_latin"] - _ENGLISH_WORDS - _UZBEK_WORDS - _KAZAKH_LATIN


def _own_words() -> dict[str, int]:
    """Everyday words that one list alone holds, for a first look at a text."""
    lists = {
        _RU: _RUSSIAN_WORDS - _KAZAKH_WORDS,
        _EN: _ENGLISH_WORDS,
        _KK: _LISTS["kazakh_folded"] | _KAZAKH_LATIN,
        _KY: _KYRGYZ_WORDS,
        _UZ: _UZBEK_WORDS,
    }
    counts = Counter(word for words in lists.values() for word in words)
    return {word: language for language, words in lists.items() for word in words if counts[word] == 1}


_OWN_WORDS = _own_words()


# --- What one word says --------------------------------------------------------

Profile = dict[str, int]
_ABSENT_TENTHS = 80
# The costs of a triple in all languages are one number, so that those of a word are one sum:
# 16 bits a language, in tenths of a nat; a word has at most 64 triples.
_BITS = 16
_ONE_LANGUAGE = (1 << _BITS) - 1
_COLUMNS = {"cyrillic": (_KK, _RU, _KY, _UZ), "latin": (_KK, _UZ, _KY, _EN, _RU)}


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
_RUSSIAN_FORM = re.compile(
    r"[щъ]|(?:ть|ться|тся|ого|его|ому|ему|ыми|ими|ный|ная|ное|ные|ных|ным|ние|ния|нию|ций|ость|ости|ский|ских|ую"
    r"|ешь|ете|ишь|ите|аю|яю|ется|ится|ают|яют|уют|али|ала|или|ила|овал|ывать)$"
)
_OFFICIAL_KAZAKH = re.compile("[áǵńóúýıäğñūş]|[aeiou]ı")
_UZBEK_APOSTROPHE = re.compile("[og]['’ʻʼ`‘]")
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
        return _NONE
    best = max(scores)
    return tuple(max(score - best, _FLOOR) for score in scores)


def _cyrillic(word: str) -> list[float]:
    letters = frozenset(word)
    if _LAUGHTER.fullmatch(word):
        return [0.0, 0.5, 0.0, 0.0, -1.0]
    scores = _spelling(word, "cyrillic")
    if letters & _KAZAKH_ONLY:
        scores[_KK] += 4.0
    if letters & _UZBEK_ONLY:
        scores[_UZ] += 5.0
    if letters & _TURKIC_ONLY:
        scores[_RU] -= 6.0
    if letters & {"ғ", "қ"}:
        scores[_KY] -= 4.0
    if letters & {"ө", "ү", "ң", "ы"}:
        scores[_UZ] -= 2.0
    if fold_kazakh(word) in _KAZAKH_WORDS:
        scores[_KK] += _LISTED
    if word in _KYRGYZ_WORDS:
        scores[_KY] += _LISTED
    if word in _UZBEK_WORDS:
        scores[_UZ] += _LISTED
    if word in _RUSSIAN_WORDS:
        scores[_RU] += _LISTED
    if _KYRGYZ_FORM.search(word):
        scores[_KY] += 1.5
    if _RUSSIAN_FORM.search(word):
        scores[_RU] += 1.0
    if not letters & _TURKIC_ONLY:
        lead = scores[_RU] - max(scores[_KK], scores[_KY], scores[_UZ])
        # The dictionary is asked where it can decide; it costs twenty times the rest.
        if lead >= _CERTAIN or (lead > -_CERTAIN and is_russian_word(word)):
            scores[_RU] += 3.0
        elif len(word) > 3:
            scores[_RU] -= 1.0
    return scores


def _latin(word: str, written: str) -> list[float]:
    scores = _spelling(written if _UZBEK_APOSTROPHE.search(written) else word, "latin")
    if word in _ENGLISH_WORDS:
        scores[_EN] += _LISTED
    if word in _KAZAKH_LATIN:
        scores[_KK] += _LISTED
    if _OFFICIAL_KAZAKH.search(word):
        scores[_KK] += 4.0
    if word in _UZBEK_WORDS:
        scores[_UZ] += _LISTED
    if _UZBEK_APOSTROPHE.search(written):
        scores[_UZ] += 3.0
    if word in _KYRGYZ_WORDS:
        scores[_KY] += _LISTED
    # Kyrgyz and Russian are seldom written in Latin.
    scores[_KY] -= 1.0
    scores[_RU] -= 1.5
    return scores


_evidence = _Evidence()


# --- What a text says ----------------------------------------------------------


def detect_language(*texts: NormalisedText) -> Language:
    """Return the language of an ad, from the first 200 words of its normalised texts together."""
    words = list(islice(chain.from_iterable(part.words for part in texts), _MAX_WORDS))
    owners = list(map(_OWN_WORDS.get, words))
    clear = _clear_language([owners.count(language) for language in range(len(LANGUAGES))], texts)
    if clear is not None:
        return clear
    sums = _sum_up(words)
    if sums is None:
        return Language.UNKNOWN
    best = max(range(len(LANGUAGES)), key=sums.__getitem__)
    if best != _RU and not _holds_cyrillic(words):
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
    if counts[language] < _CLEAR_SHARE * (total - (counts[_EN] if language == _RU else 0)):
        return None
    if counts[language] < _CLEAR_SHARE_WITH_ENGLISH * total:
        return None
    if any(letter in part.text for part in texts for letter in _TURKIC_LETTERS):
        return None
    return LANGUAGES[language]


def _sum_up(words: Sequence[str]) -> list[float] | None:
    """Return the evidence of all words together; None when not one can be read."""
    read = [evidence for evidence in map(_evidence.__getitem__, words) if evidence is not _NONE]
    return [sum(column) for column in zip(_PRIOR, *read, strict=True)] if read else None


def _language_of(word: str) -> int | None:
    """Return the one language a word surely is of, or None."""
    evidence = _evidence[word]
    if evidence is _NONE:
        return None
    best = evidence.index(0.0)
    rest = max(value for at, value in enumerate(evidence) if at != best)
    return best if rest <= -_SURE else None


def _holds_cyrillic(words: Sequence[str]) -> bool:
    return any(read_word(word).script == "c" for word in words)


def _foreign(best: int, words: Sequence[str], texts: Iterable[NormalisedText]) -> Language | None:
    """Return UNKNOWN for Latin text of a language that is none of ours, EN if cld2 says so; else None."""
    latin = [word for word in words if read_word(word).script == "l"]
    lists = {_EN: _ENGLISH_WORDS, _KK: _KAZAKH_LATIN, _UZ: _UZBEK_WORDS, _KY: _KYRGYZ_WORDS}
    letters = {_KK: _OFFICIAL_KAZAKH, _UZ: _UZBEK_APOSTROPHE}.get(best)
    known = sum(
        word in lists[best]
        or (letters is not None and letters.search(word) is not None and word not in _FOREIGN_WORDS)
        for word in latin
    )
    foreign = sum(word in _FOREIGN_WORDS or "ç" in word for word in latin)
    if len(latin) < _CLD2_MIN_WORDS or (known > _KNOWN_SHARE * len(latin) and known > foreign):
        return None
    sample = _UNSAFE.sub(" ", "\n".join(part.text for part in texts)[:_CLD2_CHARACTERS])
    try:
        is_reliable, _, details = pycld2.detect(sample, isPlainText=True)
    except pycld2.error:
        return None
    code = details[0][1]
    if code in _FROM_CLD2:
        return LANGUAGES[_FROM_CLD2[code]] if best == _EN or code == "en" else None
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
    if language == _EN:
        return reading in _ENGLISH_WORDS
    if fold_kazakh(reading) in _KAZAKH_WORDS or _language_of(word) != _RU:
        return False
    return reading in _RUSSIAN_WORDS or _RUSSIAN_FORM.search(reading) is not None


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
