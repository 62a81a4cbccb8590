"""Tables of characters: what is plain, what vanishes, what looks like what.

Source: Unicode UAX #15 (NFKC), UTS #39 (confusables); the look-alikes are those
seen in Russian and Kazakh job-scam messages (docs/add-an-indicator.md, "disguise").
"""

import codecs
import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

CYRILLIC = "\u0400-\u04ff"
"""Range for a regular expression; holds ә ғ қ ң ө ұ ү һ і and Uzbek ў ҳ."""

SPECIAL = re.compile(rf"[^\t\n\r\x20-\x7e{CYRILLIC}«»—–…№•’‘“”„]")
"""A character that lower-casing alone does not bring to its normal form."""

COMBINED = re.compile(r"[^\W\d_][\u0300-\u036f\u0483-\u0487\u1ab0-\u1aff\u20d0-\u20ff]+")
"""A letter with marks written after it: Mac й, or struck-through letters."""

INVISIBLE = frozenset(
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200c\u200d\u200e\u200f"
    "\u202a\u202b\u202c\u202d\u202e\u2060\u2061\u2062\u2063\u2064\u2066\u2067\u2068\u2069"
    "\ufe00\ufe01\ufe02\ufe0e\ufe0f\ufeff\u20e3\u3164\uffa0"
)
"""Soft hyphen, zero-width, BiDi and variation marks: removed, words join across them."""

HIDDEN = re.compile("(?<=[^\\W\\d_])[" + "".join(sorted(INVISIBLE - {"\u00ad"})) + "]+(?=[^\\W\\d_])")
"""Invisible marks inside a word; a soft hyphen there is typography, not disguise."""

EMOJI = re.compile("[\u2600-\u27bf\u2b00-\u2bff\U0001f000-\U0001faff]")

_SKIN_TONES = frozenset("\U0001f3fb\U0001f3fc\U0001f3fd\U0001f3fe\U0001f3ff")

APOSTROPHES = "'’ʻʼ`‘´"
WORD = re.compile(
    rf"[^\W_]+(?:[{APOSTROPHES}@$][^\W\d_]+)*|[$€₸₽%]|[\u2600-\u27bf\u2b00-\u2bff\U0001f300-\U0001faff]"
)
"""One word, number, currency sign or emoji of a normalised text; Uzbek o' and g' hold together."""

# Latin letter -> the Cyrillic letter it is mistaken for, after lower-casing.
LATIN_TO_CYRILLIC = dict(zip("aceopxykmthbiuhnrgvs3w", "асеорхукмтнвіинпгдвсзш", strict=True)) | {
    "b": "в",
    "h": "н",
    "n": "п",
    "u": "и",
    "r": "г",
    "g": "д",
    "i": "і",
    "l": "л",
    "d": "д",
    "j": "ј",
}
# Only these pass for Cyrillic in any font; the others above do so in small capitals or handwriting.
LATIN_LOOKALIKES = frozenset("aceopxykmthbi")
CYRILLIC_TO_LATIN = {
    "а": "a",
    "с": "c",
    "е": "e",
    "о": "o",
    "р": "p",
    "х": "x",
    "у": "y",
    "к": "k",
    "м": "m",
    "т": "t",
    "н": "h",
    "в": "b",
    "і": "i",
    "ѕ": "s",
    "ј": "j",
    "һ": "h",
    "ԛ": "q",
    "ԝ": "w",
}
# Greek letters and small capitals are never honest inside a Cyrillic or Latin word of an ad.
FOREIGN_TO_CYRILLIC = {
    **dict(zip("αβγδεζηθικλμνξοπρστυφχψω", "авгдезнөіклмпзорпоткфхфш", strict=True)),
    **{"π": "п", "ρ": "р", "σ": "о", "ς": "с", "τ": "т", "υ": "у", "γ": "г", "ν": "в", "η": "п", "ω": "ш"},
    **dict(zip("ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢ", "авсдефгніјклмпоргстиушуз", strict=True)),
    **{
        "ʀ": "я",
        "ᴦ": "г",
        "ᴧ": "л",
        "ᴨ": "п",
        "ᴩ": "р",
        "ᴫ": "л",
        "ɑ": "а",
        "ө": "ө",
        "ҽ": "е",
        "ɜ": "з",
        "ո": "п",
    },
    **{"ᥙ": "и", "ɯ": "ш", "ᴎ": "и", "ᴙ": "я", "ǝ": "е", "ȣ": "в", "օ": "о", "ս": "и", "հ": "һ", "ℓ": "л"},
}
# Letters of scripts that nobody here writes, borrowed for their shape alone: Cherokee, Coptic, Lisu, Tai,
# Canadian syllables, hooked and turned Latin, reserve Cyrillic.
_BORROWED = {
    "а": "ꓮᎪⲀꭺƛᗩ",
    "в": "ꓐᏴⲂꞴᗷ",
    "с": "ᏟⲤꓚꮯᑕϲ",
    "д": "ᎠⲆꭰ",
    "е": "ᎬⲈꓰꭼεᗴℯ",
    "н": "ᎻⲎꓧꮋᕼ",
    "к": "ᏦⲔꓗꮶ𐒋",
    "м": "ᎷⲘꓟꮇᗰ",
    "о": "ⲞꓳՕᏫᧉ᧐ⵔသ၀𐐬ഠ౦໐౦๐০୦օ",
    "р": "ᏢⲢꓑꮲᑭᏒ",
    "т": "ᎢⲦꓔꭲ𐊗ⴕꚌꚍ",
    "х": "ⲬꓫᕁꞳⵝ᙭",
    "у": "ᎩⲨꓬᎤꭹ",
    "л": "ⲖᏁʌΛ",
    "п": "ꓵՈⲠᥰƞ",
    "г": "ⲄᎱꓩꮁ",
    "и": "ꓴՍⲒᥙ᥊",
    "з": "ⳌƷʒ",
    "ш": "Ⱎɰ",
    "б": "ƃϬ",
    "я": "Ꙗʁ",
    "ф": "ⲪΦ",
    "ж": "Ӝ",
    "ч": "Ӌ",
    "ы": "Ӹ",
}
_BORROWED_TO_CYRILLIC = {
    shape.lower(): letter for letter, shapes in _BORROWED.items() for shape in shapes if shape.isalpha()
}
FOREIGN_TO_CYRILLIC = {**_BORROWED_TO_CYRILLIC, **FOREIGN_TO_CYRILLIC}
FOREIGN_TO_LATIN = {
    **{shape: CYRILLIC_TO_LATIN[c] for shape, c in _BORROWED_TO_CYRILLIC.items() if c in CYRILLIC_TO_LATIN},
    **dict(zip("αβγδεζηθικλμνξοπρστυφχψω", "abydezn0iklmvxonpotuoxyw", strict=True)),
    **dict(zip("ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢ", "abcdefghijklmnoprstuvwyz", strict=True)),
    **{"ɑ": "a", "օ": "o", "ս": "u", "հ": "h", "ℓ": "l", "ո": "n"},
}
DIGIT_TO_CYRILLIC = {"0": "о", "3": "з", "4": "ч", "6": "б", "1": "і", "@": "а"}
DIGIT_TO_LATIN = {"0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "@": "a", "$": "s"}
EMOJI_TO_WORD = {
    "🍒": "девушки", "💃": "девушки", "👧": "девушки", "👯": "девушки",
    "👶": "младенец", "🍼": "младенец", "📦": "посылка",
    "💰": "деньги", "💸": "деньги", "🤑": "деньги", "💵": "доллары", "💳": "карта",
    "✈": "самолет", "🛫": "самолет", "🛩": "самолет", "🛂": "паспорт",
}  # fmt: skip
"""What an emoji stands for where an ad writes it for a noun."""

# Kazakh and Kyrgyz letters folded to what people type without them; й as и, so that Latin y, ı, i agree.
KAZAKH_FOLD = str.maketrans("қғәөұүңіһйёэ", "кгаоуунихиее")


@lru_cache(maxsize=20_000)
def fold_character(character: str) -> str:
    """Return what one special character reads as: lower case, composed, without marks, maybe empty."""
    if character in INVISIBLE or 0xE0000 <= ord(character) <= 0xE01EF:
        return ""
    category = unicodedata.category(character)
    if category in {"Cc", "Cs", "Zl", "Zp"}:
        return "\n" if category in {"Zl", "Zp"} or character in "\x0b\x0c\x85" else " "
    if category in {"Mn", "Me"} or character in _SKIN_TONES:
        return ""
    enclosed = _enclosed_letter(character)
    if enclosed:
        return enclosed
    folded = unicodedata.normalize("NFKC", character).lower()
    # lower() of a few capitals (İ) leaves a mark behind.
    return "".join(c for c in folded if unicodedata.category(c) not in {"Mn", "Me"})


def _enclosed_letter(character: str) -> str:
    """Letters and digits of squares, circles and flags, which NFKC leaves alone: 🅰 🄰 🇰 ❶ ⓿."""
    code = ord(character)
    for first in (0x2776, 0x2780, 0x278A, 0x24F5):
        if first <= code < first + 10:
            return str(code - first + 1)
    if code in {0x24FF, 0x1F10B, 0x1F10C}:
        return "0"
    if code == 0x1F51F:
        return "10"
    for first in (0x1F130, 0x1F150, 0x1F170, 0x1F1E6):
        if first <= code < first + 26:
            return chr(ord("a") + code - first)
    return ""


# --- The characters of nearly every text, one byte each ------------------------

DIGIT_LIKE = "oоlіiзбч"
"""Letters written for digits inside a number: 8 7O1, 87О1 23З 45 б7."""
_LETTERS = "абвгдежзийклмнопрстуфхцчшщъыьэюяёәғқңөұүһіўҳїєґ"
_MARKS = "«»—–…№•’‘“”„ʻʼ´·°×²€₸₽₴£§©®→●▪■−‑‐\u00a0\u2009\u202f\u2002\u2003✅❗⚡⭐❤✔☎✓★☆➕⏰"
_PLAIN = "".join(
    (
        "\0",  # The quick encoder of CPython asks for NUL first and for no character over U+FFFF.
        "\t\n\r",
        *map(chr, range(0x20, 0x7F)),
        _LETTERS,
        _LETTERS.upper(),
        _MARKS,
    )
)
_UNUSED = "\ufffe"


def _table(characters: Iterable[str]) -> str:
    return "".join(characters).ljust(256, _UNUSED)


def _read_plain(character: str) -> str:
    read = fold_character(character) if SPECIAL.fullmatch(character) else character.lower()
    return read.replace("ё", "е")


PLAIN_TABLE = _table(_PLAIN)
"""Position in this table = byte of a character; a text of these alone is read by tables, without a loop."""
ENCODE_PLAIN = codecs.charmap_build(PLAIN_TABLE)
READ_PLAIN = _table(map(_read_plain, _PLAIN))
"""For each byte what it reads as: lower case, ё as е, every space a space; always one character."""
WORDS_PLAIN = _table(
    read if WORD.fullmatch(read) or read in APOSTROPHES + "@$" else " " for read in map(_read_plain, _PLAIN)
)
"""For each byte its character where that may stand in a word, a space elsewhere."""
_SPACING = frozenset(' .*/|_•·~+-—–:=^#\u00a0\n\t\r(«"\0')
SHAPE_PLAIN = bytes(
    ord("a" if c.isalpha() else " " if c in _SPACING else "0") for c in PLAIN_TABLE.replace(_UNUSED, "0")
)
"""For each byte its shape: a letter, what may stand beside spaced letters, anything else."""
SPLIT_MARKS = ".|_~·•^\\+="
"""What may split a word in two, «по|чка»; «.» also in good faith."""
_CYRILLIC = frozenset("абвгдежзийклмнопрстуфхцчшщъыьэюяәғқңөұүһі")
SPLIT_PLAIN = bytes(
    ord("a" if c in _CYRILLIC else "." if c in SPLIT_MARKS else "0") for c in READ_PLAIN.replace(_UNUSED, "0")
)
"""For each byte its shape once more: a Cyrillic letter, a mark that may split a word, anything else."""
IN_WORD_PLAIN = bytes(c.isalnum() for c in WORDS_PLAIN.replace(_UNUSED, " "))
"""For each byte whether it is a letter or digit of a word, as 1 or 0."""
ALONE_PLAIN = bytes(n for n, c in enumerate(WORDS_PLAIN) if c not in {" ", _UNUSED} and not c.isalnum())
"""Bytes of apostrophes and signs: in a text without them every row of letters and digits is a word."""
SENTENCE_MARKS = "!?…\n;"
"""What ends a sentence; a full stop does so sometimes."""


def _end_shape(character: str) -> str:
    if character in SENTENCE_MARKS:
        return "n" if character.isspace() else "m"
    if character.isdigit():
        return "0"
    return (
        "a" if character.isalnum() else " " if character.isspace() else character if character == "." else "x"
    )


ENDS_PLAIN = bytes(ord(_end_shape(c)) for c in READ_PLAIN.replace(_UNUSED, "x"))
"""For each byte its shape where a sentence may end: "a", "0", space, ".", "m" a mark, "n" a new line."""
TURKIC_PLAIN = bytes(c in "әғқңөұүһўҳ" for c in READ_PLAIN.replace(_UNUSED, " "))
"""For each byte whether it is a letter that Russian has not, as 1 or 0."""
NUMERIC_PLAIN = bytes(
    ord("0" if not c.isalpha() or c in DIGIT_LIKE else "a") for c in READ_PLAIN.replace(_UNUSED, "0")
)
"""For each byte whether it may stand in a phone number: "0" for digits, letters like them and all signs."""
