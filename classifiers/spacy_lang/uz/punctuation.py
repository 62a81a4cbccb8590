"""Where Uzbek words are split: the apostrophe of o' and g' and the hyphen of «kelib-ketish» hold."""

from spacy.lang.char_classes import ALPHA, ALPHA_LOWER, ALPHA_UPPER, LIST_ELLIPSES, LIST_ICONS

_APOSTROPHES = "'’‘ʻʼ`´"
# Quotation marks that cannot be the apostrophe of a letter.
_QUOTES = r'"«»“”„'

TOKENIZER_INFIXES = [
    *LIST_ELLIPSES,
    *LIST_ICONS,
    rf"(?<=[{ALPHA_LOWER}])\.(?=[{ALPHA_UPPER}])",
    rf"(?<=[{ALPHA}])[,!?/()]+(?=[{ALPHA}])",
    rf"(?<=[{ALPHA}])[:<>=](?=[{ALPHA}])",
    rf"(?<=[{ALPHA}])--(?=[{ALPHA}])",
    rf"(?<=[{ALPHA}])([{_QUOTES}\)\]\(\[])(?=[\-{ALPHA}])",
    r"(?<=[0-9])-(?=[0-9])",
    rf"(?<=[0-9])-(?=[{ALPHA}])",
]
