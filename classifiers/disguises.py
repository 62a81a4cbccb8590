"""Disguised copies of a text: every trick by which ads are hidden from filters; for measuring alone.

The tricks are those seen on the web (look-alike letters, digits for letters, letters
apart, hidden characters, emoji for nouns, numbers in words …). The same text and
trick give the same copy.
"""

import random
import re
from collections.abc import Callable, Mapping

SHARE_OF_WORDS = 0.4
"""So many of the longer words are disguised; who hides everything cannot be read by people either."""
MIN_LETTERS = 4
MIXED = "all_mixed"
"""The trick that takes another trick for every word."""

_WORD = re.compile(r"[^\W\d_]+")
_PHONE = re.compile(r"\+?\d[\d ()\-]{7,}\d")
_LATIN = dict(zip("асеорхукіһАСЕОРХКВНМТІҺ", "aceopxykihACEOPXKBHMTIH", strict=True))
_CYRILLIC = {latin: cyrillic for cyrillic, latin in _LATIN.items()}
_GREEK = dict(zip("аеоркухАВЕНКМОРТХ", "αεορκυχΑΒΕΗΚΜΟΡΤΧ", strict=True)) | dict(
    zip("aeopkuxABEHKMOPTX", "αεορκυχΑΒΕΗΚΜΟΡΤΧ", strict=True)
)
_SMALL = dict(zip("вгдклмнпрт", "ʙᴦᴅᴋᴫᴍʜᴨᴘᴛ", strict=True)) | dict(
    zip("abcdeghjklmnoprtuvwz", "ᴀʙᴄᴅᴇɢʜᴊᴋʟᴍɴᴏᴘʀᴛᴜᴠᴡᴢ", strict=True)
)
_DIGITS = dict(zip("оОзЗіІчЧбБoOiIeEaAsS", "00331144660011334455", strict=True))
_EMOJI = (
    (r"доллар\w*|dollar\w*|баксов|бакс\w?", "💵"),
    (r"самол[её]т\w*|ұшақ\w*|учак\w*|samolyot\w*|plane", "✈️"),
    (r"девушк\w*|девушек|қыздар\w*|кыздар\w*|qizlar\w*|girls", "🍒"),
    (r"младен\w+|нәресте\w*|сәби\w*|наристе\w*|chaqalo[qg]\w*|bab(?:y|ies)|newborn", "👶"),
    (r"посылк\w+|посылок|пакет\w*|сәлемдеме\w*|posilka\w*|parcels?|package", "📦"),
    (r"деньг\w*|денег|ақша\w*|акча\w*|\bpul\b|money", "💰"),
)
_DIGIT_WORDS = {
    "ru": "ноль один два три четыре пять шесть семь восемь девять",
    "kk": "нөл бір екі үш төрт бес алты жеті сегіз тоғыз",
    "ky": "нөл бир эки үч төрт беш алты жети сегиз тогуз",
    "uz": "nol bir ikki uch tort besh olti yetti sakkiz toqqiz",
    "en": "zero one two three four five six seven eight nine",
}

WordTrick = Callable[[str, random.Random], str]


def _letters(table: Mapping[str, str]) -> WordTrick:
    return lambda word, _: "".join(table.get(letter, letter) for letter in word)


def _look_alike(word: str, _: random.Random) -> str:
    """Latin letters in a Cyrillic word, Cyrillic letters in a Latin one."""
    table = _CYRILLIC if word.isascii() else _LATIN
    return "".join(table.get(letter, letter) for letter in word)


def _between(separator: str) -> WordTrick:
    return lambda word, _: separator.join(word)


def _spaced(word: str, _: random.Random) -> str:
    """Letters apart, and more space on both sides, as people do it so that it can still be read."""
    return f" {' '.join(word)} "


def _hidden(word: str, chance: random.Random) -> str:
    at = chance.randrange(1, len(word))
    return word[:at] + chance.choice("\u200b\u200c\u200d\u2060\ufeff\u00ad") + word[at:]


def _mixed_case(word: str, _: random.Random) -> str:
    return "".join(letter.upper() if n % 2 else letter.lower() for n, letter in enumerate(word))


def _repeated(word: str, chance: random.Random) -> str:
    vowels = [n for n, letter in enumerate(word) if letter.lower() in "аеёиоуыэюяәөұүіaeiou"]
    at = chance.choice(vowels) if vowels else len(word) - 1
    return word[:at] + word[at] * chance.choice((3, 4)) + word[at + 1 :]


_WORD_TRICKS: Mapping[str, WordTrick] = {
    "look_alike_letters": _look_alike,
    "greek_letters": _letters(_GREEK),
    "small_capitals": _letters(_SMALL),
    "digits_for_letters": _letters(_DIGITS),
    "mixed_case": _mixed_case,
    "repeated_letters": _repeated,
    "spaced_letters": _spaced,
    "dots_between": _between("."),
    "asterisks_between": _between("*"),
    "slashes_between": _between("/"),
    "zero_width": _hidden,
}
TRICKS: tuple[str, ...] = (*_WORD_TRICKS, "emoji_for_nouns", "phone_in_words", MIXED)


def disguise(text: str, trick: str, language: str = "ru") -> str:
    """Return the copy of a text disguised by one of ``TRICKS``; the text itself if the trick finds no hold.

    Args:
        text: an ad.
        trick: one of ``TRICKS``.
        language: whose number words stand for the digits of a phone.
    """
    chance = random.Random(f"{trick}:{text}")
    if trick in _WORD_TRICKS:
        return _change_words(text, _WORD_TRICKS[trick], chance)
    if trick == "emoji_for_nouns":
        return _emoji_for_nouns(text)
    if trick == "phone_in_words":
        return _phone_in_words(text, language)
    if trick == MIXED:
        one_of = tuple(_WORD_TRICKS.values())
        changed = _phone_in_words(_emoji_for_nouns(text), language)
        return _change_words(changed, lambda word, chance: chance.choice(one_of)(word, chance), chance)
    raise ValueError(f"no such trick: {trick}")


def _change_words(text: str, trick: WordTrick, chance: random.Random) -> str:
    def change(match: re.Match[str]) -> str:
        word = match[0]
        if len(word) < MIN_LETTERS or chance.random() >= SHARE_OF_WORDS:
            return word
        return trick(word, chance)

    return _WORD.sub(change, text)


def _emoji_for_nouns(text: str) -> str:
    for words, emoji in _EMOJI:
        text = re.sub(rf"\b(?:{words})\b", emoji, text, flags=re.IGNORECASE)
    return text


def _phone_in_words(text: str, language: str) -> str:
    words = _DIGIT_WORDS.get(language, _DIGIT_WORDS["ru"]).split()
    return _PHONE.sub(lambda m: " ".join(words[int(d)] for d in m[0] if d.isdecimal()), text)
