"""Kazakh language data for spaCy."""

from spacy.language import BaseDefaults, Language

from .lex_attrs import LEX_ATTRS
from .punctuation import TOKENIZER_INFIXES
from .stop_words import STOP_WORDS
from .tokenizer_exceptions import TOKENIZER_EXCEPTIONS


class KazakhDefaults(BaseDefaults):
    """What a blank Kazakh pipeline is made of."""

    tokenizer_exceptions = TOKENIZER_EXCEPTIONS
    infixes = TOKENIZER_INFIXES
    lex_attr_getters = LEX_ATTRS
    stop_words = STOP_WORDS


class Kazakh(Language):  # type: ignore[no-untyped-call]
    """Kazakh."""

    lang = "kk"
    Defaults = KazakhDefaults


__all__ = ["Kazakh"]
