"""Russian lemmas from pymorphy3; the dictionary is loaded once, at first use."""

from functools import cache, lru_cache

from pymorphy3 import MorphAnalyzer  # type: ignore[import-untyped]

_MIN_SCORE = 0.15
_MAX_LEMMAS = 2


@cache
def _analyser() -> MorphAnalyzer:
    return MorphAnalyzer(lang="ru")


@lru_cache(maxsize=20_000)
def russian_lemmas(word: str) -> tuple[str, ...]:
    """Return the likely lemmas of a lower-case Cyrillic word, best first, at most two.

    A form can belong to two words («стали»); both are kept when both are
    plausible, so that a cue and an ad meet on either.
    """
    lemmas: list[str] = []
    for parse in _analyser().parse(word):
        if lemmas and parse.score < _MIN_SCORE:
            break
        lemma = parse.normal_form.replace("ё", "е")
        if lemma not in lemmas:
            lemmas.append(lemma)
        if len(lemmas) == _MAX_LEMMAS:
            break
    return tuple(lemmas) or (word,)


def russian_forms(lemma: str) -> frozenset[str]:
    """Return all forms of the word that a lemma names, lower case, ё as е; guessed for an unknown word."""
    forms = {lemma}
    for parse in _analyser().parse(lemma):
        if parse.normal_form.replace("ё", "е") == lemma:
            forms.update(form.word.replace("ё", "е") for form in parse.lexeme)
    return frozenset(forms)


def is_russian_word(word: str) -> bool:
    """Whether the dictionary knows this very form."""
    return bool(_analyser().word_is_known(word))
