"""Uzbek language data for spaCy."""

from spacy.language import BaseDefaults, Language

from .lex_attrs import LEX_ATTRS
from .punctuation import TOKENIZER_INFIXES
from .stop_words import STOP_WORDS
from .tokenizer_exceptions import TOKENIZER_EXCEPTIONS


class UzbekDefaults(BaseDefaults):
    """What a blank Uzbek pipeline is made of."""

    tokenizer_exceptions = TOKENIZER_EXCEPTIONS
    infixes = TOKENIZER_INFIXES
    lex_attr_getters = LEX_ATTRS
    stop_words = STOP_WORDS


class Uzbek(Language):  # type: ignore[no-untyped-call]
    """Uzbek."""

    lang = "uz"
    Defaults = UzbekDefaults


__all__ = ["Uzbek"]
