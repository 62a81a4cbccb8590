"""What an ad says in figures and names: pay, age, sex, places, where, for whom, through which messenger.

Facts are for people and for search; no score rests on them alone. They are not
part of ``classify``: whoever shows or indexes an ad asks for them, about a
millisecond per ad. Each has its span in the original.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import yaml

from classifiers.text import NormalisedText, read_word
from classifiers.text.stems import cyrillic_from_latin_kazakh, fold_kazakh
from models.enums import TextPlace

DATA = Path(__file__).parent / "fact_data"


class FactKind(StrEnum):
    """What a fact tells."""

    PAY = "pay"
    AGE = "age"
    SEX = "sex"
    N_PLACES = "n_places"
    REGION = "region"
    COUNTRY = "country"
    EMPLOYER = "employer"
    BIN = "bin"
    MESSENGER = "messenger"


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing an ad says.

    Attributes:
        kind: what it tells.
        value: of pay its currency, of sex ``female``, ``male`` or ``any``, of a region its
            ISO 3166-2 code, of a country its ISO 3166-1 code, else what was named.
        place: title or text.
        start: code points of the original text of that place.
        end: not included.
        quote: ``text[start:end]``.
        low: lower bound of pay, age or places.
        high: upper bound; equal to ``low`` for one figure, None for "and more".
        period: of pay: month, day, week, hour, rotation, piece; "" if not said.
        detail: of a region the town or district.
    """

    kind: FactKind
    value: str
    place: TextPlace
    start: int
    end: int
    quote: str
    low: int | None = None
    high: int | None = None
    period: str = ""
    detail: str = ""


@cache
def _words() -> dict[str, Any]:
    raw: dict[str, Any] = yaml.safe_load((DATA / "words.yaml").read_text("utf-8"))
    return raw


def _any_of(words: Iterable[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


def find_facts(normalised: NormalisedText, place: TextPlace) -> tuple[Fact, ...]:
    """Return the facts of one text, in text order."""
    found = [
        *_pay(normalised),
        *_ages(normalised),
        *_n_places(normalised),
        *_sexes(normalised),
        *_where(normalised),
        *_employers(normalised),
        *_bins(normalised),
        *_messengers(normalised),
    ]
    facts = [_in_original(fact, normalised, place) for fact in found]
    return tuple(sorted(set(facts), key=lambda fact: (fact.start, fact.end, fact.kind)))


def _in_original(fact: Fact, normalised: NormalisedText, place: TextPlace) -> Fact:
    start, end = normalised.original_span(fact.start, fact.end)
    return replace(fact, place=place, start=start, end=end, quote=normalised.original[start:end])


def _fact(kind: FactKind, value: str, span: tuple[int, int], **more: Any) -> Fact:
    """A fact whose span still points into the normalised text."""
    return Fact(kind, value, TextPlace.TEXT, *span, "", **more)


# --- Pay -----------------------------------------------------------------------

_NUMBER = r"\d{1,3}(?:[ .,']\d{3}(?!\d)){1,3}|\d{1,9}(?:[.,]\d{1,2})?"
_DASH = r"\s?(?:-|–|—|до|дейін|деиин|дейин|gacha|то|to)\s?"
_PERIOD_REACH = 28
_MIN_PAY = 50


@cache
def _pay_pattern() -> re.Pattern[str]:
    words = _words()
    thousand, million = _any_of(words["thousand"]), _any_of(words["million"])
    unit = rf"(?:\s?(?P<{{0}}>(?:{thousand}|{million}))\b\.?)?"
    currency = "|".join(
        rf"(?P<{code}>{_any_of(names)})" if code != "RUB" else rf"(?P<{code}>{_any_of(names)}|р(?![^\W_]))"
        for code, names in words["currency"].items()
    )
    return re.compile(
        rf"(?<![\d.,])(?P<sign>[$€₸₽]\s?)?(?P<low>{_NUMBER}){unit.format('low_unit')}"
        rf"(?:(?:\s?(?:тг|тенге|теңге|₸|руб|₽|\$))?\.?{_DASH}(?P<high>{_NUMBER}){unit.format('high_unit')})?"
        rf"(?:\s?(?:{currency})(?![a-zа-яәғқңөұүһі]{{4}}))?"
    )


def _amount(written: str, unit: str | None) -> int:
    words = _words()
    digits = re.sub(r"[ ']", "", written)
    if re.fullmatch(r"\d{1,3}(?:[.,]\d{3})+", digits):
        digits = re.sub(r"[.,]", "", digits)
    value = float(digits.replace(",", "."))
    if unit in words["thousand"]:
        value *= 1_000
    elif unit in words["million"]:
        value *= 1_000_000
    return round(value)


_SIGNS = {"$": "USD", "€": "EUR", "₸": "KZT", "₽": "RUB"}


def _pay(normalised: NormalisedText) -> Iterator[Fact]:
    text = normalised.text
    for match in _pay_pattern().finditer(text):
        groups = match.groupdict()
        sign = (groups["sign"] or "").strip()
        currency = _SIGNS.get(sign) or next((c for c in _words()["currency"] if groups.get(c)), "")
        unit = groups["high_unit"] or groups["low_unit"]
        period = _period(text, match.start(), match.end())
        if not currency and (not unit or not period or unit == "т"):
            # «350 тысяч в месяц» is pay without its currency; a bare number is not.
            continue
        high = _amount(groups["high"], unit) if groups["high"] else None
        low_unit = groups["low_unit"] or (unit if groups["high"] else None)
        low = _amount(groups["low"], low_unit)
        if low < _MIN_PAY and not unit and currency not in {"USD", "EUR"}:
            continue
        before = text[max(match.start() - 12, 0) : match.start()]
        if high is None:
            after = text[match.end() : match.end() + 12]
            if re.search(r"(?:до|up to|max|макс\.?)\s*$", before) or re.match(
                r"\s?(?:ге|ға|га)?\s?(?:дейін|дейин|чейин|gacha|гача)", after
            ):
                low, high = 0, low
            elif not re.search(r"(?:\bот|from|бастап)\s*$", before) and not re.match(
                r"\s?(?:дан|ден|тан|тен|dan)?\s?(?:бастап|жоғары|жогары|dan boshlab|\+)", after
            ):
                high = low
        end = match.start() + len(match.group().rstrip())
        yield _fact(FactKind.PAY, currency, (match.start(), end), low=low, high=high, period=period)


@cache
def _period_pattern() -> re.Pattern[str]:
    return re.compile(
        "|".join(
            rf"(?P<{name}>(?<!\w)(?:{_any_of(words)})(?!\w))" for name, words in _words()["period"].items()
        )
    )


def _period(text: str, start: int, end: int) -> str:
    """Return the period of a sum: said after it first, before it else, in the same line."""
    after = re.split(r"[\n;!?]", text[end : end + _PERIOD_REACH])[0]
    found = _period_pattern().search(after)
    if not found:
        before = re.split(r"[\n;!?]", text[max(start - _PERIOD_REACH, 0) : start])[-1]
        found = next(iter([*_period_pattern().finditer(before)][::-1]), None)
    return (found.lastgroup or "") if found else ""


# --- Age, places, sex ------------------------------------------------------------


@cache
def _age_pattern() -> re.Pattern[str]:
    age = _any_of(_words()["age_word"])
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
    return re.compile(_any_of(_words()["experience"]))


def _ages(normalised: NormalisedText) -> Iterator[Fact]:
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
        yield _fact(FactKind.AGE, "", (match.start(), end), low=low, high=high)


@cache
def _places_pattern() -> re.Pattern[str]:
    words = _words()
    people = _any_of([*words["person"], *words["female"], *words["male"]])
    return re.compile(
        rf"(?<![\d.,\-–])(\d{{1,3}})(?:\s?(?:-|–)\s?(\d{{1,3}}))?\s(?:\w{{3,14}}\s)?((?:{people})\w{{0,4}})"
    )


@cache
def _seek() -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{_any_of(_words()['seek'])})")


_SEEK_REACH = 40


def _is_sought(text: str, start: int, end: int) -> bool:
    """Whether a word of seeking stands beside a place, in the same sentence."""
    before = re.split(r"[.!?\n;]", text[max(start - _SEEK_REACH, 0) : start])[-1]
    after = re.split(r"[.!?\n;]", text[end : end + _SEEK_REACH])[0]
    return bool(_seek().search(before) or _seek().search(after))


def _n_places(normalised: NormalisedText) -> Iterator[Fact]:
    text = normalised.text
    for match in _places_pattern().finditer(text):
        if not _is_sought(text, *match.span()):
            continue
        low = int(match[1])
        if low:
            yield _fact(FactKind.N_PLACES, "", match.span(), low=low, high=int(match[2] or low))


def _sexes(normalised: NormalisedText) -> Iterator[Fact]:
    """Yield the sex asked for, where a word for people of one sex stands beside a word of seeking."""
    words, text, spans = _words(), normalised.text, normalised.word_spans
    female, male = tuple(words["female"]), tuple(words["male"])
    named: list[tuple[str, tuple[int, int]]] = []
    for word, span in zip(normalised.words, spans, strict=True):
        reading = read_word(word).reading
        sex = _sex_of(reading, female, male)
        if sex and _is_sought(text, *span):
            named.append((sex, span))
    is_any = len({sex for sex, _ in named}) > 1
    for sex, span in named:
        yield _fact(FactKind.SEX, "any" if is_any else sex, span)


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


# --- Where ---------------------------------------------------------------------

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


def _where(normalised: NormalisedText) -> Iterator[Fact]:
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
                yield _fact(kind, name.code, (spans[at][0], spans[last][1]), detail=name.detail)
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


# --- Employer ------------------------------------------------------------------

_QUOTED = r"[«\"“„'‘]([^«»\"“”„\n]{2,60})[»\"”“'’]"


@cache
def _employer_pattern() -> re.Pattern[str]:
    forms = _any_of(_words()["legal_forms"])
    return re.compile(
        rf"(?<!\w)(?:{forms})\s{{0,2}}{_QUOTED}|{_QUOTED}\s{{0,2}},?\s?(?:{forms})(?!\w)"
        rf"|(?<!\w)(?:ип|жк|чп)\s([а-яәғқңөұүһіa-z-]{{3,30}}(?:\s[а-яәғқңөұүһіa-z]\.){{0,2}})"
        rf"|(?<!\w)([a-z][a-z &.-]{{2,40}}?)\s(?:llp|llc|ltd|jsc)(?!\w)",
    )


def _employers(normalised: NormalisedText) -> Iterator[Fact]:
    text = normalised.text
    for match in _employer_pattern().finditer(text):
        group = next(index for index in (1, 2, 3, 4) if match[index])
        start, end = normalised.original_span(*match.span(group))
        name = normalised.original[start:end].strip()
        # A sole trader is a name, so it has a capital: «ИП Касымов», not «ип и самозанятые».
        if group in {3, 4} and not name[:1].isupper():
            continue
        yield _fact(FactKind.EMPLOYER, name, match.span())


_TWELVE = re.compile(r"(?<!\d)(\d(?:[ -]?\d){11})(?!\d)")
_BIN_WORD = re.compile(r"(?:бин|bin|бсн|иин|жсн|iin|bsn)\W{0,4}$")


def is_valid_bin(digits: str) -> bool:
    """Whether twelve digits are a business or personal number of Kazakhstan: date and checksum.

    Source: rules of identification numbers; two passes of weights, the last digit is the check.
    """
    if len(digits) != 12 or not digits.isdecimal() or not 1 <= int(digits[2:4]) <= 12:
        return False
    values = [int(digit) for digit in digits]
    for weights in (range(1, 12), (3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2)):
        check = sum(weight * value for weight, value in zip(weights, values, strict=False)) % 11
        if check != 10:
            return check == values[11]
    return False


def _bins(normalised: NormalisedText) -> Iterator[Fact]:
    text = normalised.text
    for match in _TWELVE.finditer(text):
        digits = re.sub(r"\D", "", match[1])
        is_business = digits[4] in "456"
        is_named = _BIN_WORD.search(text[max(match.start() - 10, 0) : match.start()])
        if is_valid_bin(digits) and (is_named or is_business):
            yield _fact(FactKind.BIN, digits, match.span())


@cache
def _messenger_names() -> Mapping[str, str]:
    return {name: messenger for messenger, names in _words()["messenger"].items() for name in names}


# «5000 тг», «200 тыс тг» is money.
_AMOUNT_BEFORE = re.compile(r"(?:\d|тыс|мың|мын|млн|к)\.?\s?$")


def _messengers(normalised: NormalisedText) -> Iterator[Fact]:
    names = _messenger_names()
    for word, span in zip(normalised.words, normalised.word_spans, strict=True):
        reading = read_word(word).reading
        messenger = names.get(reading) or names.get(reading[:-1] if len(reading) > 5 else "")
        if messenger and not _AMOUNT_BEFORE.search(normalised.text, max(span[0] - 8, 0), span[0]):
            yield _fact(FactKind.MESSENGER, messenger, span)
