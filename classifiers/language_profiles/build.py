r"""Count the letter triples by which words of unknown spelling are told apart.

    python -m classifiers.language_profiles.build SHARED_DATA

Reads only texts that may inform what is shipped: our own training texts
(``classifiers/corpus/train``, files with an odd number; the even ones stay for
checking), KazNERD (CC BY 4.0, Yeshpanov et al. 2022, IS2AI/KazNERD), spassk-jobs
and tg-spam (MIT). From them come counts, no text. Kazakh, Kyrgyz and Uzbek
words are counted as written, without their own letters, and in the other
script, because people write them in all these ways.
"""

import gzip
import json
import math
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from classifiers.text.characters import KAZAKH_FOLD
from classifiers.text.normalise import normalise
from classifiers.text.stems import latin_from_cyrillic_uzbek

OWN_TEXTS = Path(__file__).resolve().parents[1] / "corpus" / "train"
CYRILLIC, LATIN = ("kk", "ru", "ky", "uz"), ("kk", "uz", "ky", "en", "ru")
_WORD = re.compile(r"[a-zа-яәғқңөұүһіўҳáǵńóúýıäöüñşğçūə'’ʻʼ]{2,24}")
_LATIN = re.compile(r"[a-zß-ɏ]")
_SMOOTHING = 0.3
_MIN_COUNT = 1.0
_ALPHABET = 40
_OFFICIAL_2018 = dict(
    zip("аәбвгғдежзийкқлмнңоөпрстуұүфхһцыіэ", "aábvgǵdejzııkqlmnńoóprstýuúfhhcyіe", strict=True)
)
_OFFICIAL_2018 |= {"ч": "ch", "ш": "sh", "щ": "sh", "я": "ıa", "ю": "ıý", "і": "i", "ц": "ts", "ё": "ıo"}
_OFFICIAL_2021 = _OFFICIAL_2018 | {"ә": "ä", "ғ": "ğ", "ң": "ñ", "ө": "ö", "ү": "ü", "ұ": "ū", "ш": "ş"}
_OFFICIAL_2021 |= {"и": "i", "й": "i", "і": "ı", "у": "u"}
_CHAT = _OFFICIAL_2018 | {"ә": "a", "ғ": "g", "ң": "n", "ө": "o", "ү": "u", "и": "i", "й": "y", "у": "u"}
_CHATS = (
    _CHAT,
    _CHAT | {"қ": "k", "ж": "zh", "й": "i", "ы": "y", "х": "kh"},
    _CHAT | {"ы": "i", "ш": "w", "қ": "k"},
    _CHAT | {"ы": "i", "й": "i", "ң": "ng", "ү": "u"},
)
_RUSSIAN_CHAT = dict(zip("абвгдезийклмнопрстуфхцыэ", "abvgdeziiklmnoprstufhcye", strict=True)) | {
    **{"ж": "zh", "ч": "ch", "ш": "sh", "щ": "sch", "ю": "yu", "я": "ya", "ь": "", "ъ": ""}
}
_UZBEK_CYRILLIC = (
    ("sh", "ш"),
    ("ch", "ч"),
    ("yo", "ё"),
    ("yu", "ю"),
    ("ya", "я"),
    ("o'", "ў"),
    ("g'", "ғ"),
    ("ts", "ц"),
    *zip("abdefghijklmnopqrstuvxyz'", "абдефгҳижклмнопқрстувхйзъ", strict=True),
)


def _spell(word: str, table: dict[str, str]) -> str:
    return "".join(table.get(c, c) for c in word)


def _uzbek_in_cyrillic(word: str) -> str:
    word = re.sub("[’ʻʼ`‘]", "'", word)
    for latin, cyrillic in _UZBEK_CYRILLIC:
        word = word.replace(latin, cyrillic)
    return word


def spellings(language: str, word: str) -> Iterator[tuple[str, bool]]:
    """Yield the ways people write a word, each with whether it is Latin."""
    is_latin = _LATIN.search(word) is not None
    yield word, is_latin
    if language == "uz" and is_latin:
        plain = word.translate(str.maketrans("", "", "'’ʻʼ`"))
        cyrillic = _uzbek_in_cyrillic(word)
        yield from (
            (plain, True),
            (cyrillic, False),
            (cyrillic.translate(str.maketrans("ўқғҳё", "укгхе")), False),
        )
    elif language == "uz":
        yield from (
            (latin_from_cyrillic_uzbek(word).strip(), True),
            (word.translate(str.maketrans("ўқғҳ", "укгх")), False),
        )
    elif language in {"kk", "ky"} and not is_latin:
        folded = word.translate(KAZAKH_FOLD)
        yield from ((folded, False), (word.translate(str.maketrans("қғәөұүңіһ", "кгаоууних")), False))
        tables = (_OFFICIAL_2018, _OFFICIAL_2021, *_CHATS) if language == "kk" else _CHATS
        yield from ((_spell(word, table), True) for table in tables)
    elif language == "ru" and not is_latin:
        yield _spell(word, _RUSSIAN_CHAT), True


def _texts(shared: Path) -> Iterator[tuple[str, str]]:
    for path in sorted(OWN_TEXTS.glob("*.jsonl")):
        number = re.search(r"(\d+)$", path.stem)
        if number and int(number.group()) % 2:
            for row in map(json.loads, path.read_text("utf-8").splitlines()):
                yield row["lang"], row.get("title", "") + "\n" + row["text"]
    sets = (
        ("kk_sentences_kaznerd", {"kk": "kk"}),
        ("spassk_jobs", {"ru": "ru"}),
        ("umputun_spam", {"ru": "ru", "en": "en"}),
    )
    for name, languages in sets:
        with gzip.open(shared / f"{name}.jsonl.gz") as lines:
            for row in map(json.loads, lines):
                if row["lang"] in languages:
                    yield languages[row["lang"]], (row.get("title") or "") + "\n" + row["text"]


def _count(texts: Iterable[tuple[str, str]]) -> dict[str, Counter[str]]:
    words: dict[str, Counter[str]] = {}
    for language, text in texts:
        if language in {*CYRILLIC, *LATIN}:
            words.setdefault(language, Counter()).update(_WORD.findall(normalise(text).text))
    return words


def triples(word: str) -> Iterator[str]:
    """Yield the letter triples of a word, its two ends marked."""
    framed = f"^{word}$"
    yield from (framed[i : i + 3] for i in range(len(framed) - 2))


def build(shared: Path) -> dict[str, dict[str, list[int]]]:
    """Return for each script: triple -> tenths of the negative logarithm of its probability per language."""
    counts = {
        True: {name: Counter[str]() for name in LATIN},
        False: {name: Counter[str]() for name in CYRILLIC},
    }
    for language, words in _count(_texts(shared)).items():
        for word, n in words.items():
            for spelled, is_latin in spellings(language, word):
                into = counts[is_latin].get(language)
                if into is not None and (_LATIN.search(spelled) is not None) == is_latin:
                    weight = 1 + math.log(n)
                    for triple in triples(spelled):
                        into[triple] += weight  # type: ignore[assignment]
    result: dict[str, dict[str, list[int]]] = {}
    for is_latin, names in ((False, CYRILLIC), (True, LATIN)):
        beginnings = {name: Counter[str]() for name in names}
        for name in names:
            for triple, n in counts[is_latin][name].items():
                beginnings[name][triple[:2]] += n
        kept = {t for name in names for t, n in counts[is_latin][name].items() if n > _MIN_COUNT}
        table = {}
        for triple in sorted(kept):
            table[triple] = [
                round(
                    -10
                    * math.log(
                        (counts[is_latin][name][triple] + _SMOOTHING)
                        / (beginnings[name][triple[:2]] + _SMOOTHING * _ALPHABET)
                    )
                )
                for name in names
            ]
        result["latin" if is_latin else "cyrillic"] = table
    return result


def main() -> None:
    """Write the profiles beside this file."""
    profiles = build(Path(sys.argv[1]))
    folder = Path(__file__).parent
    for script, table in profiles.items():
        lines = (f"{triple} {' '.join(map(str, values))}" for triple, values in table.items())
        (folder / f"{script}.txt").write_text("\n".join(lines) + "\n", "utf-8")


if __name__ == "__main__":
    main()
