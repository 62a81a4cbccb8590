"""Kazakh and Uzbek for spaCy, in the form of spaCy's own language packages.

spaCy knows ``ru``, ``ky`` and ``en``, not ``kk`` and ``uz`` (E048). Importing this
package registers both, after which ``spacy.blank("kk")`` works as for any other
language. Nothing here depends on the rest of Saqshy, so the folders can be
offered to spaCy as they are.
"""

from spacy.util import registry

from classifiers.spacy_lang.kk import Kazakh
from classifiers.spacy_lang.uz import Uzbek

for _language in (Kazakh, Uzbek):
    if _language.lang not in registry.languages:
        registry.languages.register(_language.lang, func=_language)

__all__ = ["Kazakh", "Uzbek"]
