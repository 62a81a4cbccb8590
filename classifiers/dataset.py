"""Labelled texts: those of our own in ``corpus/``, and files that ``saqshy evaluate`` is given."""

import gzip
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from models.enums import Purpose, Side
from models.errors import Rejected

CORPUS = Path(__file__).parent / "corpus"
"""Texts of our own: ``train`` teaches, ``test`` is held out by writer, ``blind`` is written by
people who have seen none of the others nor the lexicon. Licence: ``corpus/LICENSE``."""
EVERYDAY = "everyday"
"""Scenario of texts that are no ads."""


class BadText(Rejected):
    """A line of a labelled file cannot be used; the message names the line and the fault."""


@dataclass(frozen=True, slots=True)
class LabelledText:
    """One text and what an experienced analyst would say of it.

    Attributes:
        id: unique in its file.
        text: the ad.
        title: or None.
        is_flagged: whether a person should look.
        purposes: empty when not flagged, or not known.
        side: offer or demand; None when not flagged, or not known.
        language: kk, ru, uz, ky, en, mixed, or "" when not known.
        disguise: how its letters are hidden; "none" mostly.
        scenario: short name of the situation.
        writer: who wrote it.
        why: the writer's reason.
    """

    id: str
    text: str
    title: str | None
    is_flagged: bool
    purposes: frozenset[Purpose]
    side: Side | None
    language: str = ""
    disguise: str = "none"
    scenario: str = ""
    writer: str = ""
    why: str = ""

    @property
    def is_everyday(self) -> bool:
        """Whether it is no ad at all, but chat, a review, news; it teaches, and no threshold is set by it."""
        return self.scenario == EVERYDAY


def read_corpus(part: str) -> tuple[LabelledText, ...]:
    """Return the texts of ``train``, ``test`` or ``blind``, in a fixed order."""
    return tuple(text for path in sorted((CORPUS / part).glob("*.jsonl")) for text in read_texts(path))


def read_texts(path: Path) -> Iterator[LabelledText]:
    """Read labelled JSON lines, gzipped or not.

    A line is ``{text, label: flag|clear}`` and may have id, title, purposes, side, lang, disguise.

    Raises:
        BadText: a line without text or label, or with an unknown value.
    """
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            if line.strip():
                yield _read(line, f"{path.name}, line {number}")


def _read(line: bytes, where: str) -> LabelledText:
    try:
        raw: Mapping[str, Any] = orjson.loads(line)
        if raw["label"] not in {"flag", "clear"}:
            raise BadText(f"{where}: the label is {raw['label']!r}; it must be flag or clear.")
        if not isinstance(raw["text"], str) or not isinstance(raw.get("title"), str | None):
            raise BadText(f"{where}: text and title must be strings.")
        side = raw.get("side")
        return LabelledText(
            id=str(raw.get("id", where)),
            text=raw["text"],
            title=raw.get("title") or None,
            is_flagged=raw["label"] == "flag",
            purposes=frozenset(Purpose(name) for name in raw.get("purposes", ())),
            side=Side(side) if side in {"offer", "demand"} else None,
            language=raw.get("lang", ""),
            disguise=raw.get("disguise", "none"),
            scenario=raw.get("scenario", ""),
            writer=raw.get("writer", ""),
            why=raw.get("why", ""),
        )
    except orjson.JSONDecodeError:
        raise BadText(f"{where}: the line is not JSON.") from None
    except KeyError as error:
        raise BadText(f"{where}: the field {error.args[0]} is missing.") from None
    except (ValueError, TypeError, AttributeError) as error:
        raise BadText(f"{where}: {error}.") from None
