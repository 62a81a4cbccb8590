"""Concepts: what words stand for, the same in every language; and frames, patterns over concepts.

``definitions.yaml`` says what each concept means; one file a language holds its
words, so a new language is one new file. A frame is a situation an analyst can
read::

    baby + give_away + thanks_in_money + !guardianship

``+`` parts in one sentence, in any order; ``&`` parts at most 20 words apart;
``|`` alternatives of one part; ``!`` a concept that must stand nowhere in the ad.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from classifiers.lexicon.grammar import BadCue, Phrase, parse_phrases

_FILES = ("kk", "ru", "uz", "ky", "en", "any")


@dataclass(frozen=True, slots=True)
class Concepts:
    """All concepts of a lexicon.

    Attributes:
        definitions: one line of English by concept name, in file order; a concept's number is its place here.
        folder: of the files that hold their words.
    """

    definitions: Mapping[str, str]
    folder: Path

    def phrases(self) -> Mapping[str, Mapping[Phrase, frozenset[str]]]:
        """Return words and idioms, each with the languages it belongs to, by concept name; takes seconds.

        Raises:
            BadCue: an unknown or missing concept, or an entry that cannot be read; the message names it.
        """
        phrases: dict[str, dict[Phrase, frozenset[str]]] = {name: {} for name in self.definitions}
        for language in _FILES:
            words: Mapping[str, Sequence[str]] = _load(self.folder / f"{language}.yaml")
            unknown = words.keys() - phrases.keys()
            missing = phrases.keys() - words.keys() if language != "any" else set()
            if unknown or missing:
                raise BadCue(f"{language}.yaml: unknown {sorted(unknown)}, missing {sorted(missing)}")
            for name, entries in words.items():
                of_concept = phrases[name]
                for entry in entries:
                    for phrase in parse_phrases(str(entry), language, {}):
                        of_concept[phrase] = of_concept.get(phrase, frozenset()) | {language}
        return phrases


@dataclass(frozen=True, slots=True)
class Frame:
    """One situation by which an indicator shows.

    Attributes:
        text: the frame as written in the file.
        parts: concept names, any one of each part; all parts must be found.
        absent: concepts that must stand nowhere in the ad.
        is_near: parts may stand in different sentences, 20 words apart.
    """

    text: str
    parts: tuple[frozenset[str], ...]
    absent: frozenset[str]
    is_near: bool


def read_concepts(folder: Path) -> Concepts:
    """Read which concepts a folder defines."""
    return Concepts(_load(folder / "definitions.yaml"), folder)


def parse_frame(text: str, concepts: Concepts) -> Frame:
    """Read one frame.

    Raises:
        BadCue: an unknown concept, or nothing that must be present.
    """
    parts: list[frozenset[str]] = []
    absent: set[str] = set()
    for piece in re.split(r" [+&] ", text):
        found = frozenset(name.strip() for name in piece.strip().removeprefix("!").split("|"))
        unknown = found - concepts.definitions.keys()
        if unknown:
            raise BadCue(f"the frame {text!r} names unknown concepts: {', '.join(sorted(unknown))}", cue=text)
        if piece.strip().startswith("!"):
            absent |= found
        else:
            parts.append(found)
    if not parts:
        raise BadCue(f"the frame {text!r} only says what must be absent", cue=text)
    return Frame(text, tuple(parts), frozenset(absent), " & " in text)


def _load(path: Path) -> Any:  # Any: YAML; names are checked where it is read
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load(path.read_text("utf-8"), Loader=loader)  # noqa: S506
