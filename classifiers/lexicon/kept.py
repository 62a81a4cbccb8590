"""Phrases of the concepts worked out before, kept in a file: reading it takes a tenth of the time.

The file is named by what it was made from, so it is never out of date, and
holds letters and numbers only. A file that cannot be read is made anew.
"""

import os
from collections.abc import Mapping
from pathlib import Path

import orjson

from classifiers.lexicon.grammar import Phrase, Slot
from classifiers.text.russian import known_forms, russian_forms

Phrases = Mapping[str, Mapping[Phrase, frozenset[str]]]


def read_phrases(path: Path) -> Phrases | None:
    """Return the phrases kept in a file; None if it is not there or is damaged."""
    try:
        kept = orjson.loads(path.read_bytes())
        slots = [Slot(frozenset(keys), gap) for keys, gap in kept["slots"]]
        languages = [frozenset(some) for some in kept["languages"]]
        phrases = {
            name: {tuple(slots[n] for n in phrase): languages[some] for phrase, some in entries}
            for name, entries in kept["phrases"].items()
        }
        known_forms.update({lemma: frozenset(forms) for lemma, forms in kept["forms"].items()})
    except (OSError, ValueError, KeyError, TypeError, IndexError):
        return None
    return phrases


def write_phrases(path: Path, phrases: Phrases) -> None:
    """Keep phrases, and the forms of their Russian words; a disk that refuses is no error."""
    slots: dict[Slot, int] = {}
    languages: dict[frozenset[str], int] = {}
    lemmas = {
        key[2:]
        for found in phrases.values()
        for p in found
        for slot in p
        for key in slot.keys
        if key[0] == "r"
    }
    entries = {
        name: [
            (
                [slots.setdefault(slot, len(slots)) for slot in phrase],
                languages.setdefault(some, len(languages)),
            )
            for phrase, some in found.items()
        ]
        for name, found in phrases.items()
    }
    kept = {
        "phrases": entries,
        "slots": [(sorted(slot.keys), slot.gap) for slot in slots],
        "languages": [sorted(some) for some in languages],
        "forms": {lemma: sorted(russian_forms(lemma)) for lemma in sorted(lemmas)},
    }
    written = path.with_suffix(f".{os.getpid()}.tmp")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        written.write_bytes(orjson.dumps(kept))
        written.replace(path)
    except OSError:
        written.unlink(missing_ok=True)
