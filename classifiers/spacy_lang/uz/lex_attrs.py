"""Uzbek numbers in words, in Latin and in Cyrillic, with ordinals."""

import re
from collections.abc import Callable
from typing import Any

from spacy.attrs import LIKE_NUM

_NUM_WORDS = """
nol bir ikki uch to'rt besh olti yetti sakkiz to'qqiz o'n yigirma o'ttiz qirq ellik oltmish yetmish
sakson to'qson
yuz ming million milliard trillion yarim
нол бир икки уч тўрт беш олти етти саккиз тўққиз ўн йигирма ўттиз қирқ эллик олтмиш етмиш саксон тўқсон
юз минг
миллион миллиард ярим
"""
_num_words = frozenset(_NUM_WORDS.split())
_apostrophes = str.maketrans("’‘ʻʼ`´", "''''''")
_ordinal = re.compile(r"(?:i?nchi|(?:и)?нчи)$")


def like_num(text: str) -> bool:
    """Whether a token is a number: figures, a fraction, a number word, an ordinal («beshinchi», «5-chi»)."""
    if text.startswith(("+", "-", "±", "~")):
        text = text[1:]
    plain = text.replace(",", "").replace(".", "")
    if plain.isdigit():
        return True
    if plain.count("/") == 1:
        numerator, denominator = plain.split("/")
        return numerator.isdigit() and denominator.isdigit()
    lower = plain.lower().translate(_apostrophes)
    if lower in _num_words:
        return True
    figure, hyphen, ending = lower.partition("-")
    if hyphen and figure.isdigit():
        return ending in {"chi", "inchi", "чи", "инчи"}
    stem = _ordinal.sub("", lower)
    return stem != lower and stem in _num_words


LEX_ATTRS: dict[int, Callable[[str], Any]] = {LIKE_NUM: like_num}
