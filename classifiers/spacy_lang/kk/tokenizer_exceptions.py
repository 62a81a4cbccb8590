"""Kazakh abbreviations that keep their full stop."""

from spacy.lang.tokenizer_exceptions import BASE_EXCEPTIONS
from spacy.symbols import NORM, ORTH
from spacy.util import update_exc

_exc: dict[str, list[dict[int, str]]] = {}

for _orth, _norm in (
    ("т.б.", "тағы басқа"),
    ("т.с.с.", "тағы сол сияқты"),
    ("т.ж.", "туған жылы"),
    ("ж.ж.", "жылдар"),
    ("б.з.", "біздің заманымыз"),
    ("б.з.д.", "біздің заманымызға дейін"),
    ("яғ.", "яғни"),
    ("мыс.", "мысалы"),
    ("обл.", "облыс"),
    ("ауд.", "аудан"),
    ("қ.", "қала"),
    ("көш.", "көше"),
    ("тел.", "телефон"),
    ("тг.", "теңге"),
    ("млн.", "миллион"),
    ("млрд.", "миллиард"),
    ("мың.", "мың"),
    ("проф.", "профессор"),
    ("акад.", "академик"),
):
    for _form in {_orth, _orth[0].upper() + _orth[1:]}:
        _exc[_form] = [{ORTH: _form, NORM: _norm}]

for _orth, _norm in (("тг", "теңге"), ("млн", "миллион"), ("млрд", "миллиард"), ("ж", "жыл")):
    _exc[_orth] = [{ORTH: _orth, NORM: _norm}]

TOKENIZER_EXCEPTIONS = update_exc(BASE_EXCEPTIONS, _exc)
