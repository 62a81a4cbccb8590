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
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from classifiers.lexicon.grammar import BadCue, Phrase, parse_phrases
from classifiers.lexicon.kept import read_phrases, write_phrases

_LANGUAGES = ("kk", "ru", "uz", "ky", "en")
_FILES = (*_LANGUAGES, "any")


@dataclass(frozen=True)
class Concepts:
    """All concepts of a lexicon.

    Attributes:
        definitions: one line of English by concept name, in file order.
        names: the word shown for a concept, by language (kk, ru, en) and concept name.
        words: the entries of the files, by language and concept name.
        cache: file of phrases worked out before; None to work them out anew.
    """

    definitions: Mapping[str, str]
    names: Mapping[str, Mapping[str, str]]
    words: Mapping[str, Mapping[str, Sequence[str]]]
    cache: Path | None = None

    @cached_property
    def phrases(self) -> Mapping[str, Mapping[Phrase, frozenset[str]]]:
        """Words and idioms, each with the languages it belongs to, by concept name.

        Worked out when first asked for: seconds for sixty thousand entries, so it is kept in ``cache``.

        Raises:
            BadCue: an entry that cannot be read; the message names it.
        """
        kept = None if self.cache is None else read_phrases(self.cache)
        if kept is not None:
            return kept
        phrases: dict[str, dict[Phrase, frozenset[str]]] = {name: {} for name in self.definitions}
        for language, words in self.words.items():
            for name, entries in words.items():
                of_concept = phrases[name]
                for entry in entries:
                    for phrase in parse_phrases(str(entry), language, {}):
                        of_concept[phrase] = of_concept.get(phrase, frozenset()) | {language}
        if self.cache is not None:
            write_phrases(self.cache, phrases)
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


def read_concepts(
    folder: Path, *, without: frozenset[str] = frozenset(), cache: Path | None = None
) -> Concepts:
    """Read a folder of concept files.

    Args:
        folder: holds ``definitions.yaml`` and one file a language.
        without: languages left out, to measure what concepts carry over.
        cache: see :class:`Concepts`.

    Raises:
        BadCue: an unknown or missing concept; the message names it.
    """
    definitions: dict[str, str] = _load(folder / "definitions.yaml")
    names: dict[str, dict[str, str]] = {}
    words: dict[str, Mapping[str, Sequence[str]]] = {}
    for language in _FILES:
        entries: Mapping[str, Sequence[str]] = _load(folder / f"{language}.yaml")
        unknown = entries.keys() - definitions.keys()
        missing = definitions.keys() - entries.keys() if language != "any" else set()
        if unknown or missing:
            raise BadCue(f"{language}.yaml: unknown {sorted(unknown)}, missing {sorted(missing)}")
        names[language] = {name: str(of_concept[0]) for name, of_concept in entries.items()}
        if language not in without:
            words[language] = entries
    return Concepts(definitions, names, words, cache)


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
