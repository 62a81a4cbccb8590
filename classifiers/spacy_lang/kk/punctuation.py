"""Where Kazakh words are split: a hyphen between letters holds («үй-жай»), after a figure it parts."""

from spacy.lang.char_classes import (
    ALPHA,
    ALPHA_LOWER,
    ALPHA_UPPER,
    CONCAT_QUOTES,
    LIST_ELLIPSES,
    LIST_ICONS,
)

TOKENIZER_INFIXES = [
    *LIST_ELLIPSES,
    *LIST_ICONS,
    rf"(?<=[{ALPHA_LOWER}])\.(?=[{ALPHA_UPPER}])",
    rf"(?<=[{ALPHA}])[,!?/()]+(?=[{ALPHA}])",
    rf"(?<=[{ALPHA}{CONCAT_QUOTES}])[:<>=](?=[{ALPHA}])",
    rf"(?<=[{ALPHA}])--(?=[{ALPHA}])",
    rf"(?<=[{ALPHA}])([{CONCAT_QUOTES}\)\]\(\[])(?=[\-{ALPHA}])",
    r"(?<=[0-9])-(?=[0-9])",
    rf"(?<=[0-9])-(?=[{ALPHA}])",
]
