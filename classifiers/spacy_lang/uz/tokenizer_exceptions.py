"""Uzbek abbreviations that keep their full stop, in Latin and Cyrillic."""

from spacy.lang.tokenizer_exceptions import BASE_EXCEPTIONS
from spacy.symbols import NORM, ORTH
from spacy.util import update_exc

_exc: dict[str, list[dict[int, str]]] = {}

for _orth, _norm in (
    ("v.b.", "va boshqalar"),
    ("h.k.", "hokazo"),
    ("b.", "bet"),
    ("tel.", "telefon"),
    ("vil.", "viloyat"),
    ("tum.", "tuman"),
    ("sh.", "shahar"),
    ("ko'ch.", "ko'cha"),
    ("mln.", "million"),
    ("mlrd.", "milliard"),
    ("m.", "masalan"),
    ("prof.", "professor"),
    ("ҳ.к.", "ҳоказо"),
    ("в.б.", "ва бошқалар"),
    ("вил.", "вилоят"),
    ("тум.", "туман"),
    ("ш.", "шаҳар"),
    ("тел.", "телефон"),
    ("млн.", "миллион"),
):
    for _form in {_orth, _orth[0].upper() + _orth[1:]}:
        _exc[_form] = [{ORTH: _form, NORM: _norm}]

TOKENIZER_EXCEPTIONS = update_exc(BASE_EXCEPTIONS, _exc)
