"""Rows that documents are made of, and the bookkeeping of what the index holds. Nobody commits here."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from sqlalchemy import Update, bindparam, func, or_, select, update
from sqlalchemy.orm import Session, contains_eager

from index.documents import AdFacts, ContactSpot, SearchDocument, build_document
from models.ad import Ad, AdVersion, Contact
from models.classification import Classification, IndicatorHit, PurposeScore
from models.enums import Purpose, TaskState
from models.leases import is_free
from models.review import ReviewTask

IS_BEHIND = Ad.is_index_behind.is_(True)


@dataclass(frozen=True)
class Backlog:
    """Ads whose document is out of date; ``n_held_back`` of them failed and wait for a later try."""

    n_behind: int
    n_held_back: int


@dataclass(frozen=True)
class Bookkeeping:
    """What the database believes of one ad's document."""

    id: int
    revision: int
    indexed_revision: int
    is_behind: bool


def load_documents(session: Session, ad_ids: Sequence[int]) -> list[SearchDocument]:
    """Build the documents of many ads with five queries, in the order of their ids."""
    rows = session.execute(
        select(Ad, AdVersion, Classification)
        .join(Ad.source)
        .options(contains_eager(Ad.source))
        .outerjoin(AdVersion, AdVersion.id == Ad.current_version_id)
        .outerjoin(
            Classification,
            (Classification.ad_version_id == AdVersion.id)
            & (Classification.classifier_version_id == AdVersion.classified_by_id),
        )
        .where(Ad.id.in_(ad_ids))
        .order_by(Ad.id)
    ).all()
    version_ids = [version.id for _, version, _ in rows if version is not None]
    classification_ids = [found.id for _, _, found in rows if found is not None]
    indicators, scores = _indicators(session, classification_ids), _scores(session, classification_ids)
    contacts, states = _contacts(session, version_ids), _task_states(session, ad_ids)
    return [
        build_document(
            ad,
            AdFacts(
                version=version,
                classification=found,
                indicators=frozenset(indicators[found.id]) if found else frozenset(),
                scores=scores[found.id] if found else {},
                contacts=contacts[version.id] if version else (),
                task_state=states.get(ad.id),
            ),
        )
        for ad, version, found in rows
    ]


def _indicators(session: Session, classification_ids: Sequence[int]) -> defaultdict[int, set[str]]:
    codes: defaultdict[int, set[str]] = defaultdict(set)
    for owner, code in session.execute(
        select(IndicatorHit.classification_id, IndicatorHit.code)
        .where(
            IndicatorHit.classification_id.in_(classification_ids),
            IndicatorHit.is_counted,
            ~IndicatorHit.is_counter_sign,
        )
        .distinct()
    ):
        codes[owner].add(code)
    return codes


def _scores(session: Session, classification_ids: Sequence[int]) -> defaultdict[int, dict[Purpose, float]]:
    scores: defaultdict[int, dict[Purpose, float]] = defaultdict(dict)
    for owner, purpose, score in session.execute(
        select(PurposeScore.classification_id, PurposeScore.purpose, PurposeScore.score).where(
            PurposeScore.classification_id.in_(classification_ids)
        )
    ):
        scores[owner][purpose] = score
    return scores


def _contacts(session: Session, version_ids: Sequence[int]) -> defaultdict[int, list[ContactSpot]]:
    contacts: defaultdict[int, list[ContactSpot]] = defaultdict(list)
    for owner, value, place, start, end in session.execute(
        select(Contact.ad_version_id, Contact.value, Contact.place, Contact.start, Contact.end).where(
            Contact.ad_version_id.in_(version_ids)
        )
    ):
        contacts[owner].append(ContactSpot(value, place, start, end))
    return contacts


def _task_states(session: Session, ad_ids: Sequence[int]) -> dict[int, TaskState]:
    rows = session.execute(
        select(ReviewTask.ad_id, ReviewTask.state)
        .where(ReviewTask.ad_id.in_(ad_ids))
        .order_by(ReviewTask.id)  # the newest task of an ad comes last and stays
    )
    return dict(rows.all())


def read_backlog(session: Session) -> Backlog:
    """Count the ads that the index is behind by."""
    n_behind, n_held_back = session.execute(
        select(func.count(), func.count(Ad.error)).select_from(Ad).where(IS_BEHIND)
    ).one()
    return Backlog(n_behind, n_held_back)


def has_pending(session: Session, now: datetime) -> bool:
    """Whether any ad can be indexed now; a cheap look that takes no write lock."""
    pending = select(Ad.id).where(IS_BEHIND, is_free(Ad, now)).limit(1)
    return session.scalar(pending) is not None


def count_ads(session: Session) -> int:
    """All ads, each of which has a document."""
    return session.scalar(select(func.count()).select_from(Ad)) or 0


def ad_ids_after(session: Session, last: int, n: int) -> list[int]:
    """The next ``n`` ads by id."""
    return list(session.scalars(select(Ad.id).where(Ad.id > last).order_by(Ad.id).limit(n)))


def bookkeeping_after(session: Session, last: int, n: int) -> list[Bookkeeping]:
    """What the database believes of the next ``n`` ads by id."""
    rows = session.execute(
        select(Ad.id, Ad.revision, Ad.indexed_revision, Ad.is_index_behind)
        .where(Ad.id > last)
        .order_by(Ad.id)
        .limit(n)
    )
    return [Bookkeeping(*row) for row in rows]


def revisions(session: Session, ad_ids: Sequence[int]) -> dict[int, int]:
    """Present revisions of those ads that exist."""
    rows = session.execute(select(Ad.id, Ad.revision).where(Ad.id.in_(ad_ids)))
    return dict(rows.all())


def mark_indexed(session: Session, versions: Iterable[tuple[int, int]]) -> None:
    """Note that the index holds these revisions (ad id, revision); an ad changed since stays pending."""
    values = [{"b_id": ad_id, "b_revision": revision} for ad_id, revision in versions]
    if not values:
        return
    held = bindparam("b_revision", type_=Ad.revision.type)
    session.connection().execute(
        update(Ad)
        # A slower worker must not set back what a quicker one noted.
        .where(Ad.id == bindparam("b_id"), Ad.indexed_revision <= held)
        .values(
            indexed_revision=held,
            is_index_behind=Ad.revision > held,
            lease_token=None,
            lease_expires_at=None,
            next_try_at=None,
            error=None,
            attempts=0,
        ),
        values,
    )


def mark_behind(session: Session, ad_ids: Sequence[int]) -> None:
    """Note that the index does not hold these ads' documents; they are pending at once."""
    session.execute(_forget().where(Ad.id.in_(ad_ids)))


def mark_all_behind(session: Session) -> None:
    """Note that there is no index: every ad is pending."""
    session.execute(_forget().where(or_(Ad.indexed_revision > 0, ~Ad.is_index_behind)))


def _forget() -> Update:
    return (
        update(Ad)
        .values(indexed_revision=0, is_index_behind=True, next_try_at=None, error=None, attempts=0)
        .execution_options(synchronize_session=False)
    )


def give_back(session: Session, ad_ids: Sequence[int], token: str) -> None:
    """End a lease without a result: the rows are pending at once, and it counts as no failure of theirs."""
    session.execute(
        update(Ad)
        .where(Ad.id.in_(ad_ids), Ad.lease_token == token)
        .values(lease_token=None, lease_expires_at=None, attempts=Ad.attempts - 1)
        .execution_options(synchronize_session=False)
    )


def in_pages(pairs: Iterator[tuple[int, int]], n: int) -> Iterator[dict[int, int]]:
    """Cut a long series of pairs into dicts of ``n``."""
    while page := dict(islice(pairs, n)):
        yield page
