"""What a release says of each entry: the fields of a blocking list that the line knows."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from models.ad import AdVersion
from models.blocklist import BlocklistEntry
from models.classification import Classification
from models.enums import AdState, Language, Purpose, Scope, Side, TextPlace
from review_api.blocklist.grounds import LegalGrounds
from review_api.masking import ContactSpot
from review_api.tasks import repository as tasks_repository
from review_api.tasks.rows import find_contacts, masked_texts, masked_title

# Red in the entry form of the state system: a child, an organ, a person for sale.
RED_PURPOSES = frozenset({Purpose.ILLEGAL_ADOPTION, Purpose.ORGAN_REMOVAL, Purpose.PERSON_TRADE})
MAX_QUOTE_LENGTH = 500
CHUNK = 1000
# What makes a list another list; everything else on a line may be newer without a new release.
IDENTITY_FIELDS = (
    "entry_id",
    "case_number",
    "url",
    "scope",
    "purposes",
    "legal_ground",
    "content_sha256",
    "confirm_decision_id",
    "approve_decision_id",
    "expires_at",
)


@dataclass(frozen=True)
class ListLine:
    """One line; texts of the ad have their contacts masked, times are UTC."""

    entry_id: int
    case_number: str
    url: str
    scope: Scope
    title: str
    quote: str
    purposes: tuple[Purpose, ...]
    side: Side
    is_minor: bool
    group: str
    language: Language
    source_title: str
    indicators: tuple[str, ...]
    priority: float
    classifier_version: str
    legal_ground: str
    law: dict[str, str]
    is_court_decision: bool
    confirm_decision_id: int
    confirmed_by: str
    confirmed_at: datetime
    confirm_reason: str
    approve_decision_id: int
    approved_by: str
    approved_at: datetime
    approve_reason: str
    content_sha256: str
    evidence_sha256: str | None
    found_at: datetime
    last_checked_at: datetime
    is_alive: bool
    listed_at: datetime
    expires_at: datetime


def load_lines(session: Session, entries: Sequence[BlocklistEntry], grounds: LegalGrounds) -> list[ListLine]:
    """The lines of these entries, in their order."""
    lines: list[ListLine] = []
    for start in range(0, len(entries), CHUNK):
        chunk = entries[start : start + CHUNK]
        ids = [entry.confirm_decision.classification_id for entry in chunk]
        hits = tasks_repository.list_hits(session, ids)
        contacts = find_contacts(session, [entry.ad_version_id for entry in chunk])
        for entry in chunk:
            classification = session.get_one(Classification, entry.confirm_decision.classification_id)
            codes = tuple(
                dict.fromkeys(
                    hit.code
                    for hit in hits.get(classification.id, [])
                    if hit.is_counted and not hit.is_counter_sign
                )
            )
            lines.append(_line(entry, classification, codes, contacts[entry.ad_version_id], grounds))
    return lines


def _line(
    entry: BlocklistEntry,
    classification: Classification,
    codes: tuple[str, ...],
    contacts: Sequence[ContactSpot],
    grounds: LegalGrounds,
) -> ListLine:
    first, second, version = entry.confirm_decision, entry.approve_decision, entry.ad_version
    ground = grounds.get(first.legal_ground)
    purposes = tuple(first.purpose_list)
    return ListLine(
        entry_id=entry.id,
        case_number=entry.task.case_number,
        url=entry.url,
        scope=entry.scope,
        title=masked_title(version, contacts),
        quote=_quote(version, contacts),
        purposes=purposes,
        side=classification.side,
        is_minor=classification.is_minor,
        group="red" if RED_PURPOSES & set(purposes) else "orange",
        language=classification.language,
        source_title=entry.ad.source.title,
        indicators=codes,
        priority=classification.priority,
        classifier_version=classification.classifier_version.version,
        legal_ground=first.legal_ground or "",
        law=dict(ground.law) if ground else {},
        is_court_decision=first.legal_ground == "court",
        confirm_decision_id=first.id,
        confirmed_by=entry.confirmed_by.display_name,
        confirmed_at=first.decided_at,
        confirm_reason=first.reason,
        approve_decision_id=second.id,
        approved_by=entry.approved_by.display_name,
        approved_at=second.decided_at,
        approve_reason=second.reason,
        content_sha256=first.content_sha256,
        evidence_sha256=version.page.evidence.sha256 if version.page.evidence else None,
        found_at=version.observed_at,
        last_checked_at=entry.ad.last_seen_at,
        is_alive=entry.ad.state is AdState.LIVE,
        listed_at=entry.created_at,
        expires_at=entry.expires_at,
    )


def _quote(version: AdVersion, contacts: Sequence[ContactSpot]) -> str:
    """The beginning of the text; of the words in its pictures for an ad that has no other."""
    masked = masked_texts(version, contacts)
    return (masked[TextPlace.TEXT] or masked[TextPlace.PICTURE])[:MAX_QUOTE_LENGTH]


def machine_line(line: ListLine) -> dict[str, object]:
    """The line as JSON values: times as ISO 8601 in UTC, enums as their values.

    A text that a machine could misread (control characters, half characters,
    too long) is refused: null, its name in ``refused``, never altered.
    """
    values: dict[str, object] = {}
    refused: list[str] = []
    for name, value in asdict(line).items():
        if isinstance(value, datetime):
            values[name] = value.isoformat(timespec="seconds")
        elif isinstance(value, str) and not is_clean(value):
            values[name] = None
            refused.append(name)
        else:
            values[name] = list(value) if isinstance(value, tuple) else value
    values["refused"] = refused
    return values


def is_clean(text: str) -> bool:
    """Whether every program reads the text alike: no control or half characters, at most 32 767 long."""
    return len(text) <= 32_767 and not any(
        (ord(character) < 0x20 and character not in "\n\t")
        or 0x7F <= ord(character) < 0xA0
        or 0xD800 <= ord(character) < 0xE000
        for character in text
    )


def content_sha256(machine_lines: Sequence[dict[str, object]]) -> str:
    """Hash of what the list is: equal for two lists that block the same for the same reasons."""
    identity = [{name: line[name] for name in IDENTITY_FIELDS} for line in machine_lines]
    text = json.dumps(identity, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
