"""Language of an ad: Kazakh, Russian, Uzbek, Kyrgyz, English, mixed, unknown.

Words vote: a letter only one language has, a short list of everyday words, or
the Russian dictionary. So Kazakh typed without its letters and Kazakh in Latin
are Kazakh, which letter tests and general identifiers miss (cld2 calls all
Latin Kazakh Turkmen). cld2 is asked about Latin text that nothing else claims.
"""

import re
from collections import Counter
from collections.abc import Sequence
from functools import cache

import pycld2  # type: ignore[import-untyped]
import yaml

from classifiers.lexicon import FOLDER
from classifiers.text import NormalisedText, Word, read_word
from classifiers.text.russian import is_russian_word
from classifiers.text.stems import fold_kazakh
from models.enums import Language

_MAX_WORDS = 200
_MIXED_SHARE = 0.35
_MIXED_MIN_WORDS = 5
# A whole clause in the other language is a switch at a smaller share; single loan words are not.
_MIXED_SHARE_WITH_CLAUSE = 0.18
_CLAUSE_WORDS = 4
_TURKIC = frozenset({Language.KK, Language.KY, Language.UZ})
_CLD2_CHARACTERS = 2_000
_CYRILLIC = re.compile("[а-я]{3}")
_UNSAFE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")


@cache
def _word_lists() -> dict[str, frozenset[str]]:
    raw = yaml.safe_load((FOLDER / "languages.yaml").read_text("utf-8"))
    return {name: frozenset(words.split()) for name, words in raw.items()}


def _words(name: str) -> frozenset[str]:
    """Return a list of everyday words from languages.yaml."""
    return _word_lists()[name]


_KAZAKH_WORDS = _words("kazakh_folded")
_KAZAKH_LATIN = _words("kazakh_latin")
_UZBEK_WORDS = _words("uzbek")
_KYRGYZ_WORDS = _words("kyrgyz")
_RUSSIAN_WORDS = _words("russian")
_ENGLISH_WORDS = _words("english")
_OFFICIAL_KAZAKH = re.compile("[áǵńóúýıä]")
_MAX_VOTES = 100_000
Votes = tuple[tuple[Language, float], ...]


class _Votes(dict[str, Votes]):
    """Votes by written word; bounded, filled on demand."""

    def __missing__(self, written: str) -> Votes:
        if len(self) >= _MAX_VOTES:
            self.clear()
        votes = self[written] = _vote(read_word(written))
        return votes


_votes = _Votes()


def detect_language(*texts: NormalisedText) -> Language:
    """Return the language of an ad, from the first 200 words of its normalised texts together."""
    words = [word for part in texts for word in part.words[:_MAX_WORDS]][:_MAX_WORDS]
    scores: dict[Language, float] = {}
    unclaimed = 0
    for word, n in Counter(words).items():
        votes = _votes[word]
        for language, weight in votes:
            scores[language] = scores.get(language, 0.0) + n * weight
        unclaimed += 0 if votes else n
    if unclaimed > sum(scores.values()):
        guess = _cld2("\n".join(part.text for part in texts))
        if guess is not None:
            return guess
    if not scores and any(_CYRILLIC.search(part.text) for part in texts):
        # Cyrillic without one Turkic sign: slang and misspellings, and in this country Russian.
        return Language.RU
    return _winner(scores, words)


def _winner(scores: dict[Language, float], words: Sequence[str]) -> Language:
    """Return the language with most votes, or MIXED when a second one holds clauses of its own."""
    ranked = sorted(scores.items(), key=lambda pair: -pair[1])
    if not ranked:
        return Language.UNKNOWN
    first, most = ranked[0]
    # Kyrgyz and Uzbek votes in a Kazakh text are echoes of shared endings, not a second language.
    second, less = next(
        ((language, n) for language, n in ranked[1:] if not {first, language} <= _TURKIC), (first, 0.0)
    )
    share = less / (most + less)
    if less < _MIXED_MIN_WORDS or share <= _MIXED_SHARE_WITH_CLAUSE:
        return first
    is_mixed = share > _MIXED_SHARE or _longest_run(second, words) >= _CLAUSE_WORDS
    return Language.MIXED if is_mixed else first


def _longest_run(language: Language, words: Sequence[str]) -> int:
    """Return how many words in a row vote for one language alone."""
    longest = run = 0
    for word in words:
        votes = _votes[word]
        run = run + 1 if len(votes) == 1 and votes[0][0] is language else 0
        longest = max(longest, run)
    return longest


def _vote(word: Word) -> Votes:
    if word.script == "c":
        return _vote_cyrillic(word.reading)
    if word.script == "l":
        return _vote_latin(word.reading)
    return ()


def _vote_cyrillic(word: str) -> Votes:
    letters = set(word)
    if word in _UZBEK_WORDS and not letters & set("әіұ"):
        return ((Language.UZ, 1.5),)
    if letters & set("ўҳ"):
        return ((Language.UZ, 2.0),)
    if letters & set("әіұһ"):
        return ((Language.KK, 1.5),)
    if letters & set("ғқ"):
        return ((Language.KK, 1.2), (Language.UZ, 0.5))
    is_kyrgyz = word in _KYRGYZ_WORDS
    if _KYRGYZ_FORM.search(word):
        return ((Language.KY, 1.6),)
    if letters & set("өүң"):
        return ((Language.KY, 1.6 if is_kyrgyz else 1.2), (Language.KK, 1.0))
    if word in _RUSSIAN_WORDS:
        return ((Language.RU, 1.0),)
    folded = fold_kazakh(word)
    is_kazakh = folded in _KAZAKH_WORDS
    if is_kazakh or is_kyrgyz:
        return tuple(
            pair
            for pair, holds in (((Language.KK, 1.2), is_kazakh), ((Language.KY, 1.2), is_kyrgyz))
            if holds
        )
    if _RUSSIAN_FORM.search(word) or is_russian_word(word):
        return ((Language.RU, 1.0 if len(word) > 2 else 0.5),)
    if _KYRGYZ_LONG_VOWEL.search(word):
        return ((Language.KY, 1.2),)
    if len(word) > 3 and _TURKIC_END.search(folded):
        return ((Language.KK, 1.0), (Language.KY, 0.9))
    return ()


# Kyrgyz carries ө and о on into its endings and writes long vowels; Kazakh does neither.
_KYRGYZ_FORM = re.compile(
    r"(?:лөр|дөр|төр|нөн|дөн|төн|гө|кө|лүү|дүн|түн|нүн|сүз|лүк|түк|дүк|лөт|бөт|нөт|өө|үү)"
)
# Letters and endings of Russian alone, so that the dictionary need not be asked.
_RUSSIAN_FORM = re.compile(
    r"[щъ]|(?:ть|ться|тся|ого|его|ому|ему|ыми|ими|ный|ная|ное|ные|ных|ным|ние|ния|нию|ций|ость|ости|ский|ских)$"
)
_KYRGYZ_LONG_VOWEL = re.compile(r"([аоуэ])\1|(?:лор|дор|тор|нон|дон|тон|бойт|лот|лат|нат)$")
_TURKIC_END = re.compile(
    r"(?:лар|лер|дар|дер|тар|тер|лор|нын|нин|дын|дин|тын|тин|ган|ген|кан|кен|дан|ден|тан|тен|нан|нен|га|ге|ка|ке"
    r"|мын|мин|миз|мыз|сыз|сиз|ады|еди|иды|низ|ныз|сын|син|лык|лик|дык|дик|тык|тик|лы|ли|ып|ип|са|се|маи|меи|паи"
    r"|пеи|баи|беи|ад|ед|ид|дагы|деги|нда|нде|сы|си|ым|им|уде|уда|шы|ши)$"
)


def _vote_latin(word: str) -> Votes:
    if word in _ENGLISH_WORDS:
        return ((Language.EN, 1.0),)
    if word in _KAZAKH_LATIN or _OFFICIAL_KAZAKH.search(word):
        return ((Language.KK, 1.5),)
    if word in _UZBEK_WORDS:
        return ((Language.UZ, 1.5),)
    if word.endswith(("dar", "der", "ǵa", "qa", "myn", "gan", "laryn", "mys")) and len(word) > 4:
        return ((Language.KK, 0.6),)
    if word.endswith(("lar", "lari", "ning", "larni", "aman", "amiz", "iladi")) and len(word) > 4:
        return ((Language.UZ, 0.8),)
    return ()


_FROM_CLD2 = {"en": Language.EN, "ru": Language.RU, "kk": Language.KK, "ky": Language.KY, "uz": Language.UZ}


def _cld2(text: str) -> Language | None:
    """Ask cld2 about the beginning of a text; None when it does not know or names another language."""
    sample = _UNSAFE.sub(" ", text[:_CLD2_CHARACTERS])
    try:
        _, _, details = pycld2.detect(sample, isPlainText=True)
    except pycld2.error:
        return None
    return _FROM_CLD2.get(details[0][1])
