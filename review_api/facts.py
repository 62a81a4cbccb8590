"""What the ledger and the parsers note as codes, in the reader's words. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from models.audit import Detail
from models.enums import Role, Verdict
from models.unscored import NO_ARTIFACT
from review_api.i18n import Words

_COLUMNS = re.compile(r"(\d+)_columns_instead_of_(\d+)")
_FIELD = re.compile(r"(\w+)_(is_no_text|too_long)")
_COUNTED_REASON = re.compile(r"(\d+) (.+)")
_ROLE_FACTS = ("role", "before", "after")


@dataclass(frozen=True)
class Fact:
    """One detail of an audit line: what it is, and its value; ``is_code`` for hashes and the like."""

    label: str
    value: str
    is_code: bool


def show_facts(words: Words, details: Mapping[str, Detail]) -> tuple[Fact, ...]:
    """The details of an audit line, in its order; what was not noted is left out."""
    return tuple(
        Fact(
            label=words.text(f"fact.{name}") if words.has(f"fact.{name}") else name,
            value=_value(words, name, value),
            is_code=name.endswith("sha256") or name in ("signature", "file", "address"),
        )
        for name, value in details.items()
        if value is not None and value != []
    )


def reason_words(words: Words, reason: str) -> str:
    """Why a page or a record could not be read.

    Args:
        words: the reader's language.
        reason: as crawlers and imports note it: a code, or ``code: particulars``.
    """
    code = reason.removeprefix("bad_record: ").removeprefix("ad_refused: ").removeprefix("classify: ")
    code = code.partition(":")[0].strip()
    if words.has(f"unread_reason.{code}"):
        return words.text(f"unread_reason.{code}")
    if columns := _COLUMNS.fullmatch(code):
        return words.text("unread_reason.columns", found=columns[1], wanted=columns[2])
    if field := _FIELD.fullmatch(code):
        return words.text(f"unread_reason.field_{field[2]}", field=field[1])
    return words.text("unread_reason.other", code=code)


@dataclass(frozen=True)
class UnscoredLine:
    """How many ads wait unscored and why, in one sentence; and what to do about it."""

    text: str
    advice: str


def unscored_line(words: Words, reason: str, n: int) -> UnscoredLine:
    """Ads that wait for one reason, in words."""
    why = words.text("unscored.why", reason=reason_words(words, reason))
    key = "unscored.fit_anew" if reason == NO_ARTIFACT else "unscored.tried_again"
    return UnscoredLine(f"{words.counted('queue.unscored', n)} {why}", words.text(key))


def split_reasons(details: Mapping[str, Detail]) -> list[tuple[str, int]]:
    """The reasons of refusals with their counts, from the audit line of an import."""
    reasons = details.get("reasons")
    found = (_COUNTED_REASON.fullmatch(item) for item in reasons) if isinstance(reasons, list) else ()
    return [(match[2], int(match[1])) for match in found if match is not None]


def _value(words: Words, name: str, value: Detail) -> str:
    if isinstance(value, bool):
        return words.text("fact.yes" if value else "fact.no")
    if name in _ROLE_FACTS and value in set(Role):
        return words.word(Role(str(value)))
    if name == "verdict" and value in set(Verdict):
        return words.text(f"made.{value}")
    if words.has(f"fact.{name}.{value}"):
        return words.text(f"fact.{name}.{value}")
    if name == "reasons":
        return "; ".join(f"{reason_words(words, code)}: {n}" for code, n in split_reasons({name: value}))
    if name.startswith("n_") and isinstance(value, int):
        return words.number(value)
    return ", ".join(value) if isinstance(value, list) else str(value)
