"""Kazakh numbers in words, in Cyrillic and in Latin, with the endings of ordinals and cases."""

import re
from collections.abc import Callable
from typing import Any

from spacy.attrs import LIKE_NUM

_NUM_WORDS = """
нөл бір екі үш төрт бес алты жеті сегіз тоғыз он жиырма отыз қырық елу алпыс жетпіс сексен тоқсан жүз мың
миллион миллиард триллион жарты
nól bir eki úsh tórt bes alty jeti segiz toǵyz on jıyrma otyz qyryq elý alpys jetpis seksen toqsan júz myń
nöl bır ekı üş tört altı jetı segız toğyz jiyrma jüz myñ million milliard
"""
_num_words = frozenset(_NUM_WORDS.split())
_ordinal = re.compile(r"(?:[ыіyiı]?нш[ыі]|[yiı]?nsh[yiı]|[yiı]?nş[yiı])$")
_collective = re.compile(r"(?:еу|ау|eý|aý|eu|au)$")


def like_num(text: str) -> bool:
    """Whether a token is a number: figures, a fraction, a number word, an ordinal («бесінші», «5-ші»)."""
    if text.startswith(("+", "-", "±", "~")):
        text = text[1:]
    plain = text.replace(",", "").replace(".", "")
    if plain.isdigit():
        return True
    if plain.count("/") == 1:
        numerator, denominator = plain.split("/")
        return numerator.isdigit() and denominator.isdigit()
    lower = plain.lower()
    if lower in _num_words:
        return True
    figure, hyphen, ending = lower.partition("-")
    if hyphen and figure.isdigit():
        return ending in {"ші", "шы", "інші", "ыншы", "shi", "shy"}
    return any(
        stem in _num_words or stem + "і" in _num_words or stem + "ы" in _num_words
        for stem in (_ordinal.sub("", lower), _collective.sub("", lower))
        if stem != lower
    )


LEX_ATTRS: dict[int, Callable[[str], Any]] = {LIKE_NUM: like_num}
