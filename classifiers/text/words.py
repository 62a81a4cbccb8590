"""Words of a normalised text: what each reads as, and the keys it is found by.

A word is read once and kept in a bounded cache, because ads repeat their
words: after 3 500 ads fewer than 2 % of the words are new.

Keys carry their language: ``r:`` Russian lemma, ``k:`` Kazakh or Kyrgyz stem,
``u:`` Uzbek stem, ``e:`` English stem, ``x:`` the word as it
reads, ``f:`` the same without Kazakh letters, ``n:`` a range that a number lies in.
"""

import re
from enum import StrEnum
from typing import NamedTuple

from classifiers.text.characters import (
    APOSTROPHES,
    CYRILLIC_TO_LATIN,
    DIGIT_TO_CYRILLIC,
    DIGIT_TO_LATIN,
    FOREIGN_TO_CYRILLIC,
    FOREIGN_TO_LATIN,
    LATIN_LOOKALIKES,
    LATIN_TO_CYRILLIC,
)
from classifiers.text.russian import is_russian_word
from classifiers.text.stems import (
    cyrillic_from_latin_kazakh,
    fold_kazakh,
    latin_from_cyrillic_uzbek,
    stem_english,
    stem_uzbek,
    turkic_stems,
)

KAZAKH_LETTERS = frozenset("әғқңөұүһі")
_CYRILLIC = re.compile(r"[\u0400-\u04ff]")
_LATIN = re.compile(r"[a-zß-ɏ]")
_PLAIN = re.compile(r"[а-яәғқңөұүһіў]{1,64}|(?P<latin>[a-z]{1,64})")
_FOREIGN = frozenset(FOREIGN_TO_CYRILLIC) - frozenset("ө")
_REPEATED = re.compile(r"([^\W\d_])\1\1+")
_STRIP = str.maketrans("", "", APOSTROPHES)
_CACHE_SIZE = 100_000
_MAX_WORD = 64
_MIN_HIDDEN = 4
# Counted things after a digit: «6адам» is six people, not «бадам».
_COUNTED_WORDS = """
адам орын ай апта күн кун жас жыл мың мын сағат сагат бала қыз кыз үй уй бөлме рет киши кишиге мин эм ой йил
соат сом сум минг кв пм лет год года мес дн дня дней час часа чел тыс тг тенге руб кг гр шт штук комн эт этаж
раз км млн мл см ч ta kun th nd rd st am kg km usd kzt min day days
"""
_COUNTED = frozenset(_COUNTED_WORDS.split())
# What stands right after a number as its ending: «60тан», «5тен», «3ші».
_ENDINGS_OF_NUMBERS = """
тан тен дан ден нан нен тон төн дон дөн ка ке га ге ға қа кө го гө да де та те до то ты ти ды ди тін тың
ның нын нің нин дын дин шы ші ши ыншы інші лык лық лік лап леп дай дей тай тей
"""
_AFTER_NUMBER = frozenset(_ENDINGS_OF_NUMBERS.split())
_VOWELS = frozenset("аеиоуыэюяәөүұіaeiouyı")
_MAX_CONSONANTS = 4

NUMBER_RANGES = {
    "few": (1, 9),
    "teen": (12, 17),
    "young": (18, 24),
    "adult": (18, 45),
    "mature": (46, 99),
    "long_hours": (15, 24),
    "tens": (10, 50),
    "big": (1_000, 10**8),
    "thousands": (1_500, 50_000),
}
"""Ranges a cue can name in angle brackets; ``<number>`` is any number."""
_MAX_DIGITS = 9
_GROUP_DIGITS = 3


class Disguise(StrEnum):
    """How a word was hidden from a filter."""

    NONE = ""
    LOOKALIKE = "lookalike"
    FOREIGN = "foreign"
    DIGIT = "digit"
    REPEAT = "repeat"


class Word(NamedTuple):
    """What a written word reads as.

    Attributes:
        reading: the word undisguised, lower case, Kazakh letters kept.
        disguise: how it was hidden, if it was.
        script: "c" Cyrillic, "l" Latin, "d" digits, "e" emoji or other.
    """

    reading: str
    disguise: Disguise
    script: str


# Upsilon is read as у and looks like a written и; eta is read as п, its capital looks like Н.
_SECOND_SHAPES = ({"υ": "и"}, {"η": "н"}, {"υ": "и", "η": "н"})
_cache: dict[str, Word] = {}


def read_word(written: str) -> Word:
    """Return what a word of a normalised text reads as; cached."""
    word = _cache.get(written)
    if word is None:
        if len(_cache) >= _CACHE_SIZE:
            _cache.clear()
        word = _cache[written] = _read(written)
    return word


def _read(written: str) -> Word:
    plain = _PLAIN.fullmatch(written)
    if plain and (len(set(written)) > len(written) - 2 or not _REPEATED.search(written)):
        # Nearly every word: one script, nothing to undo.
        return Word(written, Disguise.NONE, "l" if plain.lastgroup else "c")
    if written.isdecimal():
        return Word(written, Disguise.NONE, "d")
    if len(written) > _MAX_WORD:
        # Nobody writes such a word; it matches nothing.
        return Word(written[:_MAX_WORD], Disguise.NONE, "e")
    reading, disguise = undisguise(written)
    reading = reading.translate(_STRIP)
    if _CYRILLIC.search(reading):
        return Word(reading, disguise, "c")
    return Word(reading, disguise, "l" if _LATIN.search(reading) else "e")


def word_keys(word: Word) -> tuple[str, ...]:
    """Return the prefixed keys of a word except its Russian lemmas; not cached.

    Russian is looked up the other way round: a cue knows all its forms
    (:func:`classifiers.text.russian.russian_forms`), which spares an ad the
    dictionary.
    """
    reading = word.reading
    if word.script == "d":
        return _number_keys(reading)
    if word.script == "c":
        folded = fold_kazakh(reading)
        turkic = ("k:" + stem for stem in turkic_stems(folded))
        return ("x:" + reading, "f:" + folded, *turkic, "u:" + stem_uzbek(latin_from_cyrillic_uzbek(reading)))
    if word.script == "l":
        cyrillic = cyrillic_from_latin_kazakh(reading)
        turkic = ("k:" + stem for stem in turkic_stems(cyrillic))
        return (
            "x:" + reading,
            "e:" + stem_english(reading),
            "f:" + cyrillic,
            *turkic,
            "u:" + stem_uzbek(reading),
        )
    return ("x:" + reading,)


def _number_keys(written: str) -> tuple[str, ...]:
    """Keys of a number: itself, and the ranges that cues ask for, as ``n:<range>``.

    Three digits may be the rest of a number written in groups, «3 000», and have ``n:group``.
    """
    keys = ["x:" + written, "n:number"]
    if len(written) == _GROUP_DIGITS:
        keys.append("n:group")
    if len(written) <= _MAX_DIGITS:
        value = int(written)
        keys += ("n:" + name for name, (low, high) in NUMBER_RANGES.items() if low <= value <= high)
    return tuple(keys)


def undisguise(written: str) -> tuple[str, Disguise]:
    """Return the word without look-alikes, digits and repeats, and what was undone.

    The script is decided word by word: letters that exist in one script only
    vote, the others follow; an English word or Latin Kazakh stays as it is.
    """
    disguise = Disguise.NONE
    word = written
    if "ə" in word and _CYRILLIC.search(word):
        # The Latin schwa stands on phone keyboards; «əкел» is typed in good faith.
        word = word.replace("ə", "ә")
    if _REPEATED.search(word) and len(set(word)) > 1 and not word.startswith("www"):
        word, disguise = _REPEATED.sub(r"\1", word), Disguise.REPEAT
    has_cyrillic, has_latin = bool(_CYRILLIC.search(word)), bool(_LATIN.search(word))
    has_foreign = not _FOREIGN.isdisjoint(word)
    if (has_cyrillic and (has_latin or has_foreign)) or (has_latin and has_foreign):
        word, disguise = _one_script(word, disguise, has_foreign=has_foreign)
    elif has_foreign and len(word) > 1:
        word, disguise = _in_cyrillic(word, FOREIGN_TO_CYRILLIC), Disguise.FOREIGN
    if any(c in "0134567@$" for c in word) and not word.isdecimal():
        undone = _without_digits(word)
        if undone != word:
            # Product codes are read as letters too; only what is surely a word was hidden.
            is_word = not KAZAKH_LETTERS.isdisjoint(undone) or is_russian_word(undone)
            word, disguise = undone, Disguise.DIGIT if is_word else disguise
    return word, disguise


def _one_script(word: str, disguise: Disguise, *, has_foreign: bool) -> tuple[str, Disguise]:
    cyrillic = [c for c in word if "\u0400" <= c <= "\u04ff"]
    latin = [c for c in word if _LATIN.match(c)]
    sure_cyrillic = sum(c not in CYRILLIC_TO_LATIN for c in cyrillic)
    sure_latin = sum(c not in LATIN_LOOKALIKES for c in latin)
    kind = Disguise.FOREIGN if has_foreign else Disguise.LOOKALIKE
    # Two real scripts in one word («webкам», «SMMщик»): a habit, not a mask, unless one letter is odd.
    if sure_latin and sure_cyrillic and not has_foreign and min(len(latin), len(cyrillic)) > 1:
        return word, disguise
    if (sure_cyrillic, len(cyrillic)) >= (sure_latin, len(latin)):
        return _in_cyrillic(word, LATIN_TO_CYRILLIC | FOREIGN_TO_CYRILLIC), kind
    return _translate(word, CYRILLIC_TO_LATIN | FOREIGN_TO_LATIN), kind


def _in_cyrillic(word: str, table: dict[str, str]) -> str:
    """Read foreign letters as Cyrillic; where one has two shapes, as a word if there is one."""
    reading = _translate(word, table)
    if ("υ" in word or "η" in word) and not is_russian_word(reading):
        others = (_translate(word, table | shapes) for shapes in _SECOND_SHAPES)
        return next(filter(is_russian_word, others), reading)
    return reading


def _translate(word: str, table: dict[str, str]) -> str:
    return "".join(table.get(c, c) for c in word)


def _without_digits(word: str) -> str:
    """Read digits as letters where the result is a word and the count of something is not."""
    is_cyrillic = _CYRILLIC.search(word) is not None
    table = DIGIT_TO_CYRILLIC if is_cyrillic else DIGIT_TO_LATIN
    letters = sum(c.isalpha() for c in word)
    if letters < 2 or len(word) < _MIN_HIDDEN or not all(c.isalpha() or c in table for c in word):
        return word
    reading = _translate(word, table)
    if not is_cyrillic and ("@" in word or not reading.isalpha() or word[-2:].isdecimal()):
        return word
    if is_cyrillic and is_russian_word(reading.replace("і", "и")):
        rest = word.lstrip("0123456789")
        is_counted = rest in _COUNTED or rest in _AFTER_NUMBER or (len(rest) > 3 and is_russian_word(rest))
        return word if is_counted else reading
    # A digit between two letters hides one; at an edge it may count something («кв4», «5star», «60тан»).
    is_inside = any(c in table and word[i - 1].isalpha() for i, c in enumerate(word[1:-1], 1))
    is_at_edge = not (word[0].isalpha() and word[-1].isalpha())
    if is_at_edge and not (_hides_at_edge(word) if is_cyrillic else is_inside and len(word) > _MIN_HIDDEN):
        return word
    return reading if (is_inside or is_cyrillic) and _sounds(reading) else word


def _hides_at_edge(word: str) -> bool:
    """Whether the digits at the edges of a Cyrillic word are letters: «60лса», «керег1», «алмайсы3»."""
    inner = word.strip("0123456789")
    left, right = word[: word.index(inner)], word[word.index(inner) + len(inner) :]
    if inner in _COUNTED or inner in _AFTER_NUMBER or len(inner) < 2 or len(right) > 1:
        return False
    is_left = not left or (left in {"0", "6", "60", "61"} and (len(inner) < 4 or not is_russian_word(inner)))
    # «алмайсы3», «керег1»: з follows a vowel, і and о a consonant.
    return is_left and (not right or (inner[-1] in _VOWELS) == (right == "3"))


def _sounds(reading: str) -> bool:
    """Whether a row of letters can be spoken: no long row of consonants, as in a product code."""
    run = 0
    for letter in reading:
        run = 0 if letter in _VOWELS else run + 1
        if run > _MAX_CONSONANTS:
            return False
    return not _VOWELS.isdisjoint(reading)
