"""Who is sought: ages, sexes, how many."""

import re
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache

from classifiers.facts.base import Fact, FactKind, any_of, new_fact, read_words
from classifiers.text import NormalisedText, read_word


@cache
def _age_pattern() -> re.Pattern[str]:
    age = any_of(read_words()["age_word"])
    return re.compile(
        r"(?<![\d.,/])(?:(?P<from>от|с|from|(?<!не )старше|over)\s)?(?P<low>\d{2})\s?(?P<plus>\+)?"
        r"(?:\s?(?:(?:лет|жастан|жаштан|yoshdan|ёшдан|жас|жаш)\s)?"
        r"(?:-|–|—|до|дан|ден|тан|тен|dan|и до|ға|to|(?<=\w\s))"
        rf"\s?(?P<high>\d{{2}}))?(?![\d%.,:]\d)"
        rf"(?:\s?-?(?:ге|ға|га|ке|қа|ка|gacha|гача|ти|х|го|ым|ші|ші)?\s?(?P<word>(?:{age})(?!\w)))?"
    )


_AGE_BEFORE = re.compile(
    r"(?:возраст\w*|жас\w{0,3}|jas\w{0,3}|zhas\w{0,3}|жаш\w{0,3}|yosh\w*|ёш\w*|age|aged)[\s:–—-]{0,3}(?:от|с|до|от\s)?\s?$"
)
_UP_TO = re.compile(r"(?:\bдо|не старше|младше|under|up to|макс\w*)\s$")
_UP_TO_AFTER = re.compile(
    r"\s?-?\s?(?:жасқа|жаска|жашка|yoshgacha|ёшгача)?\s?(?:дейін|дейин|чейин|gacha|гача)"
)
_EXPERIENCE_REACH = 26
_MIN_AGE, _MAX_AGE = 10, 80


@cache
def _experience() -> re.Pattern[str]:
    return re.compile(any_of(read_words()["experience"]))


def find_ages(normalised: NormalisedText) -> Iterator[Fact]:
    """Return the ages asked; years of experience are none."""
    text = normalised.text
    for match in _age_pattern().finditer(text):
        low, high = int(match["low"]), int(match["high"]) if match["high"] else None
        if not _MIN_AGE <= low <= _MAX_AGE or (high is not None and not low <= high <= _MAX_AGE):
            continue
        before = text[max(match.start() - _EXPERIENCE_REACH, 0) : match.start()]
        after = text[match.end() : match.end() + _EXPERIENCE_REACH]
        if not match["word"] and not _AGE_BEFORE.search(before) and not match["plus"]:
            continue
        if (
            match["word"] in {"года", "год"}
            and not match["high"]
            and not match["from"]
            and not _AGE_BEFORE.search(before)
        ):
            continue
        if _experience().search(before) or _experience().search(after.split(",")[0].split("\n")[0]):
            continue
        if high is None:
            if _UP_TO.search(before) or _UP_TO_AFTER.match(after):
                low, high = 0, low
            elif not (match["plus"] or match["from"]):
                high = low
        end = match.start() + len(match.group().rstrip())
        yield new_fact(FactKind.AGE, "", (match.start(), end), low=low, high=high)


@cache
def _places_pattern() -> re.Pattern[str]:
    words = read_words()
    people = any_of([*words["person"], *words["female"], *words["male"]])
    return re.compile(
        rf"(?<![\d.,\-–])(\d{{1,3}})(?:\s?(?:-|–)\s?(\d{{1,3}}))?\s(?:\w{{3,14}}\s)?((?:{people})\w{{0,4}})"
    )


@cache
def _seek() -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{any_of(read_words()['seek'])})")


_SEEK_REACH = 40


def _is_sought(text: str, start: int, end: int) -> bool:
    """Whether a word of seeking stands beside a place, in the same sentence."""
    before = re.split(r"[.!?\n;]", text[max(start - _SEEK_REACH, 0) : start])[-1]
    after = re.split(r"[.!?\n;]", text[end : end + _SEEK_REACH])[0]
    return bool(_seek().search(before) or _seek().search(after))


def find_n_places(normalised: NormalisedText) -> Iterator[Fact]:
    """Return how many people are sought."""
    text = normalised.text
    for match in _places_pattern().finditer(text):
        if not _is_sought(text, *match.span()):
            continue
        low = int(match[1])
        if low:
            yield new_fact(FactKind.N_PLACES, "", match.span(), low=low, high=int(match[2] or low))


def find_sexes(normalised: NormalisedText) -> Iterator[Fact]:
    """Return who is sought: women, men, or either."""
    """Yield the sex asked for, where a word for people of one sex stands beside a word of seeking."""
    words, text, spans = read_words(), normalised.text, normalised.word_spans
    female, male = tuple(words["female"]), tuple(words["male"])
    named: list[tuple[str, tuple[int, int]]] = []
    for word, span in zip(normalised.words, spans, strict=True):
        reading = read_word(word).reading
        sex = _sex_of(reading, female, male)
        if sex and _is_sought(text, *span):
            named.append((sex, span))
    is_any = len({sex for sex, _ in named}) > 1
    for sex, span in named:
        yield new_fact(FactKind.SEX, "any" if is_any else sex, span)


_NOT_SEXES = (
    "мужск",
    "женск",
    "манас",
    "мен",
    "жена",
    "дамб",
    "парни",
    "менедж",
    "мент",
    "manag",
    "meni",
    "menga",
    "ladi",
)


@lru_cache(maxsize=20_000)
def _sex_of(reading: str, female: Sequence[str], male: Sequence[str]) -> str:
    for sex, stems in (("female", female), ("male", male)):
        for stem in stems:
            is_short = len(stem) <= 4
            if reading == stem or (
                reading.startswith(stem) and (not is_short or _is_turkic_form(reading, stem))
            ):
                return sex
    return ""


_TURKIC_ENDING = re.compile(
    r"(?:лар|лер|дар|дер|lar|ler|dar)?(?:ға|ге|га|ды|ді|ды|ди|ды|дың|дын|ny|ni|ga|ning)?(?:мен|менен)?"
)


def _is_turkic_form(reading: str, stem: str) -> bool:
    return reading[len(stem) :] != "" and _TURKIC_ENDING.fullmatch(reading, len(stem)) is not None
