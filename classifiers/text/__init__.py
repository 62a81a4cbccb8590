"""Reading a text: normal form with a way back, words, search terms."""

from classifiers.text.normalise import NormalisedText, normalise
from classifiers.text.search import Token, search_terms, search_tokens, tokenise
from classifiers.text.words import Disguise, Word, read_word

__all__ = [
    "Disguise",
    "NormalisedText",
    "Token",
    "Word",
    "normalise",
    "read_word",
    "search_terms",
    "search_tokens",
    "tokenise",
]
