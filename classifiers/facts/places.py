"""Where: regions and districts of Kazakhstan, countries."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

import yaml

from classifiers.facts.base import DATA, Fact, FactKind, new_fact
from classifiers.text import NormalisedText, read_word
from classifiers.text.stems import cyrillic_from_latin_kazakh, fold_kazakh

_SAME = str.maketrans("уйиіүұ", "ыыыыыы")
_ENDINGS = """
а ы е ой ом ам ах ь я ю ый ая ого ому ую ые ых ым ии ию ия ией ский ская ской скую ского ском ские
да де та те га ге ка ке дан ден тан тен нан нен ды ты ны дын тын нын лык дык тык дагы дегы тагы ндагы
сы сында сынын ына ында йа иа до го дон гача
"""
_CASES = re.compile(f"(?:[аыя]?(?:{'|'.join(_ENDINGS.translate(_SAME).split())}))?")
_DISTRICT_WORDS = frozenset(
    {"район", "района", "районе", "районы", "районнын", "р", "ауданы", "аудан", "ауданында", "ауданының"}
)
_NEAR_DISTRICT = 2
_MIN_NAME = 4


@dataclass(frozen=True, slots=True)
class _Name:
    """One name of a place: the stems of its words, and what it stands for."""

    stems: tuple[str, ...]
    written: tuple[str, ...]
    code: str
    detail: str
    is_country: bool
    is_ambiguous: bool
    is_district: bool


@lru_cache(maxsize=50_000)
def _canonical(reading: str) -> str:
    """Bring Cyrillic and Latin spellings of a name together: Алматы, Almaty, Алмата."""
    is_latin = not any("\u0400" <= letter <= "\u04ff" for letter in reading)
    cyrillic = cyrillic_from_latin_kazakh(reading) if is_latin else fold_kazakh(reading)
    return cyrillic.translate(_SAME)


def _stem(word: str) -> str:
    canonical = _canonical(word.replace("'", ""))
    if len(canonical) > _MIN_NAME:
        for ending in ("скыы", "скаы", "скаа", "ская", "ыы", "ая", "ое", "ь", "а", "ы", "о", "я", "е"):
            if canonical.endswith(ending) and len(canonical) - len(ending) >= _MIN_NAME - 1:
                return canonical[: len(canonical) - len(ending)]
    return canonical


@cache
def _names() -> dict[str, list[_Name]]:
    """Return all names by the first three letters of their first word."""
    raw = yaml.safe_load((DATA / "places.yaml").read_text("utf-8"))
    names: dict[str, list[_Name]] = {}

    def add(written: str, code: str, **more: bool) -> None:
        plain = written.removeprefix("*").removesuffix(" город").removesuffix(" поселок")
        stems = tuple(_stem(word) for word in plain.split())
        is_country = more.get("is_country", False)
        names.setdefault(stems[0][:3], []).append(
            _Name(
                stems,
                tuple(plain.split()),
                code,
                "" if is_country or more.get("is_region") else plain,
                is_country,
                # «*Семей», «Абай город»: also a word or a person.
                written != plain,
                more.get("is_district", False),
            )
        )

    for code, region in raw["regions"].items():
        for written in region["regions"]:
            add(written, code, is_region=True)
        for written in region["towns"]:
            add(written, code)
        for written in region["districts"]:
            add(written, code, is_district=True)
    for code, countries in raw["countries"].items():
        for written in countries:
            add(written, code, is_country=True)
    for group in names.values():
        group.sort(key=lambda name: (-len(name.stems), -sum(map(len, name.stems))))
    return names


def region_name(code: str, language: str) -> str:
    """Return the name of a region for a screen in Kazakh or, for any other language, Russian."""
    raw = yaml.safe_load((DATA / "places.yaml").read_text("utf-8"))
    kazakh, russian = raw["regions"][code]["name"]
    return str(kazakh if language == "kk" else russian)


def find_places(normalised: NormalisedText) -> Iterator[Fact]:
    """Return regions, towns and districts of Kazakhstan and countries, by their names in three languages."""
    readings = [read_word(word).reading for word in normalised.words]
    canonical = [_canonical(reading) for reading in readings]
    spans, names = normalised.word_spans, _names()
    at = 0
    while at < len(canonical):
        step = 1
        for name in names.get(canonical[at][:3], ()):
            last = at + len(name.stems) - 1
            if last < len(canonical) and _is_named(name, normalised, canonical, readings, at):
                kind = FactKind.COUNTRY if name.is_country else FactKind.REGION
                yield new_fact(kind, name.code, (spans[at][0], spans[last][1]), detail=name.detail)
                step = len(name.stems)
                break
        at += step


def _is_named(
    name: _Name, normalised: NormalisedText, canonical: Sequence[str], readings: Sequence[str], at: int
) -> bool:
    for place, stem in enumerate(name.stems):
        word = canonical[at + place]
        if not word.startswith(stem) or not _CASES.fullmatch(word, len(stem)):
            return False
        if len(stem) < _MIN_NAME and readings[at + place] != name.written[place]:
            # «ЗКО», «США», «Шу»: as written or not at all.
            return False
    last = at + len(name.stems) - 1
    if name.is_district:
        around = readings[last + 1 : last + 1 + _NEAR_DISTRICT]
        return any(word in _DISTRICT_WORDS for word in around)
    start = normalised.original_span(*normalised.word_spans[at])[0]
    is_capital = normalised.original[start].isupper()
    # «в Семей», but not «для семей»; a name of three letters only as it is written.
    return is_capital or (not name.is_ambiguous and len(name.stems[0]) >= _MIN_NAME)
