"""Turning rows of the database into what lists show: contacts masked, names filled in."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.ad import AdVersion, Contact
from models.classification import MIN_PURPOSE_SCORE
from models.enums import TextPlace
from models.review import ReviewTask
from review_api.masking import ContactSpot, mask_text
from review_api.tasks import repository
from review_api.tasks.repository import Sign
from review_api.tasks.schemas import Claim, MyTask, QueueRow

MAX_FIRST_WORDS = 3
MAX_QUOTE_LENGTH = 60


def find_contacts(session: Session, version_ids: Sequence[int]) -> dict[int, list[ContactSpot]]:
    """Contacts per ad version."""
    found: dict[int, list[ContactSpot]] = {version_id: [] for version_id in version_ids}
    query = select(Contact).where(Contact.ad_version_id.in_(version_ids)).order_by(Contact.id)
    for contact in session.scalars(query):
        found[contact.ad_version_id].append(
            ContactSpot(contact.kind, contact.value, contact.place, contact.start, contact.end)
        )
    return found


def masked_title(version: AdVersion, contacts: Sequence[ContactSpot]) -> str:
    """The title with contacts hidden."""
    return mask_text(version.title, TextPlace.TITLE, contacts)


def masked_texts(version: AdVersion, contacts: Sequence[ContactSpot]) -> dict[TextPlace, str]:
    """All that a version says, by place, with contacts hidden; offsets hold."""
    return {
        TextPlace.TITLE: masked_title(version, contacts),
        TextPlace.TEXT: mask_text(version.text, TextPlace.TEXT, contacts),
        TextPlace.PICTURE: mask_text(version.picture_text or "", TextPlace.PICTURE, contacts),
    }


def make_claim(task: ReviewTask, *, user_id: int, now: datetime) -> Claim | None:
    """Who holds the task, if anybody."""
    if task.claimed_by is None or task.claim_expires_at is None:
        return None
    return Claim(
        user_id=task.claimed_by.id,
        user_name=task.claimed_by.name,
        display_name=task.claimed_by.display_name,
        expires_at=task.claim_expires_at,
        is_mine=task.claimed_by.id == user_id,
        is_over=task.claim_expires_at <= now,
    )


def make_my_task(task: ReviewTask, contacts: Sequence[ContactSpot], decided_at: datetime | None) -> MyTask:
    """A line of "my work"."""
    return MyTask(
        task_id=task.id,
        case_number=task.case_number,
        title=masked_title(task.ad_version, contacts),
        level=task.level,
        state=task.state,
        claim_expires_at=task.claim_expires_at,
        decided_at=decided_at,
    )


def make_queue_rows(
    session: Session, tasks: Sequence[ReviewTask], *, user_id: int, now: datetime
) -> tuple[QueueRow, ...]:
    """Lines of the queue, in the order of ``tasks``; four queries however many there are."""
    classification_ids = [task.classification_id for task in tasks]
    found = repository.list_signs(session, classification_ids)
    scores = repository.list_scores(session, classification_ids)
    sizes = repository.count_clusters(
        session, [t.ad.cluster_id for t in tasks if t.ad.cluster_id is not None]
    )
    contacts = find_contacts(session, [task.ad_version_id for task in tasks])
    rows = []
    for task in tasks:
        signs = found.get(task.classification_id, [])
        version, classification = task.ad_version, task.classification
        spots = contacts[version.id]
        likely = (item for item in scores[task.classification_id] if item.score >= MIN_PURPOSE_SCORE)
        rows.append(
            QueueRow(
                task_id=task.id,
                case_number=task.case_number,
                state=task.state,
                round=task.round,
                level=task.level,
                priority=task.priority,
                is_referral=task.is_referral,
                is_parse_incomplete=version.is_parse_incomplete,
                title=masked_title(version, spots),
                first_words=_first_words(version, signs, spots),
                indicator_codes=tuple(dict.fromkeys(sign.code for sign in signs)),
                purposes=tuple(likely),
                side=classification.side,
                language=classification.language,
                region=version.region,
                source_name=task.ad.source.name,
                source_title=task.ad.source.title,
                source_kind=task.ad.source.kind,
                first_seen_at=task.ad.first_seen_at,
                opened_at=task.opened_at,
                n_copies=max(0, sizes.get(task.ad.cluster_id or 0, 1) - 1),
                claim=make_claim(task, user_id=user_id, now=now),
            )
        )
    return tuple(rows)


def _first_words(
    version: AdVersion, signs: Sequence[Sign], contacts: Sequence[ContactSpot]
) -> tuple[str, ...]:
    masked = masked_texts(version, contacts)
    heaviest = sorted(signs, key=lambda sign: -sign.weight)
    quotes = (masked[sign.place][sign.start : sign.end][:MAX_QUOTE_LENGTH] for sign in heaviest)
    return tuple(dict.fromkeys(quotes))[:MAX_FIRST_WORDS]
