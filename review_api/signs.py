"""Names and definitions of signs and rules in the reader's language, from the lexicon's files.

Only the words are read here: making the cues ready to match takes a second, and
a screen matches nothing.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from classifiers.lexicon import FOLDER
from review_api.i18n import Words


@dataclass(frozen=True)
class SignWords:
    """What a sign is called and what it means, by language."""

    names: Mapping[str, str]
    definitions: Mapping[str, str]


def sign_name(words: Words, code: str) -> str:
    """Plain name of an indicator or counter-sign; its code if the lexicon has dropped it since."""
    sign = load_signs().get(code)
    return sign.names[words.locale] if sign else code


def sign_definition(words: Words, code: str) -> str:
    """What the sign means, in one sentence; empty if the lexicon has dropped it since."""
    sign = load_signs().get(code)
    return sign.definitions[words.locale] if sign else ""


def rule_text(words: Words, rule: str) -> str:
    """Why a combination of signs made a flag, in words."""
    key = f"rule.{rule}"
    return words.text(key) if words.has(key) else rule


def reason_text(words: Words, reason: str) -> str:
    """Why a hit did not count, in words."""
    key = f"not_counted.{reason}"
    return words.text(key) if words.has(key) else reason


@cache
def load_signs(folder: Path = FOLDER) -> Mapping[str, SignWords]:
    """All signs by code, read once per process."""
    paths = [*sorted((folder / "indicators").glob("*.yaml")), folder / "counter_signs.yaml"]
    return dict(sign for path in paths for sign in _read(path))


def _read(path: Path) -> Iterator[tuple[str, SignWords]]:
    for entry in yaml.safe_load(path.read_text(encoding="utf-8")):
        yield str(entry["code"]), SignWords(entry["names"], entry["definitions"])
