"""Entries and releases as SQL."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload
from sqlalchemy.orm.interfaces import ORMOption

from models.ad import Ad, AdVersion
from models.audit import HEAD_ID, AuditHead
from models.blocklist import BlocklistEntry, BlocklistRelease, ReleaseLine
from models.crawl import Page
from models.enums import EntryState
from models.people import User


def _row_options() -> tuple[ORMOption, ...]:
    return (
        joinedload(BlocklistEntry.task),
        joinedload(BlocklistEntry.confirm_decision),
        joinedload(BlocklistEntry.confirmed_by),
        joinedload(BlocklistEntry.approved_by),
    )


def _line_options() -> tuple[ORMOption, ...]:
    return (
        *_row_options(),
        joinedload(BlocklistEntry.approve_decision),
        joinedload(BlocklistEntry.ad).joinedload(Ad.source),
        joinedload(BlocklistEntry.ad_version).joinedload(AdVersion.page).joinedload(Page.evidence),
    )


def lock_ledger(session: Session) -> AuditHead:
    """Hold back every other writer of the log, and so of the list, until this transaction ends."""
    return session.scalars(select(AuditHead).where(AuditHead.id == HEAD_ID).with_for_update()).one()


def list_entries(
    session: Session, *, state: EntryState | None, before_id: int | None, limit: int
) -> Sequence[BlocklistEntry]:
    """Entries, newest first."""
    query = select(BlocklistEntry).options(*_row_options()).order_by(BlocklistEntry.id.desc()).limit(limit)
    if state is not None:
        query = query.where(BlocklistEntry.state == state)
    if before_id is not None:
        query = query.where(BlocklistEntry.id < before_id)
    return session.scalars(query).all()


def find_entry(session: Session, entry_id: int, *, for_update: bool = False) -> BlocklistEntry | None:
    """One entry."""
    query = select(BlocklistEntry).where(BlocklistEntry.id == entry_id)
    if for_update:
        query = query.with_for_update().execution_options(populate_existing=True)
    else:
        query = query.options(*_row_options())
    return session.scalars(query).one_or_none()


def list_active(session: Session, now: datetime, *, is_whole: bool) -> Sequence[BlocklistEntry]:
    """Entries that a release made now holds, oldest first; ``is_whole`` loads what its lines show."""
    query = (
        select(BlocklistEntry)
        .where(BlocklistEntry.state == EntryState.ACTIVE, BlocklistEntry.expires_at > now)
        .options(*(_line_options() if is_whole else _row_options()))
        .order_by(BlocklistEntry.id)
    )
    return session.scalars(query).all()


def list_expired(session: Session, now: datetime, limit: int) -> Sequence[BlocklistEntry]:
    """Active entries past their time, locked against others where the database can."""
    query = (
        select(BlocklistEntry)
        .where(BlocklistEntry.state == EntryState.ACTIVE, BlocklistEntry.expires_at <= now)
        .order_by(BlocklistEntry.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return session.scalars(query).all()


def user_names(session: Session, user_ids: set[int]) -> dict[int, str]:
    """Display names."""
    query = select(User.id, User.display_name).where(User.id.in_(user_ids))
    return dict(session.execute(query).all())


def last_release(session: Session) -> BlocklistRelease | None:
    """The release with the highest number."""
    query = select(BlocklistRelease).order_by(BlocklistRelease.number.desc()).limit(1)
    return session.scalars(query).one_or_none()


def find_release(session: Session, number: int) -> BlocklistRelease | None:
    """One release."""
    query = (
        select(BlocklistRelease)
        .where(BlocklistRelease.number == number)
        .options(joinedload(BlocklistRelease.created_by))
    )
    return session.scalars(query).one_or_none()


def list_releases(session: Session) -> Sequence[BlocklistRelease]:
    """Releases, newest first."""
    query = (
        select(BlocklistRelease)
        .options(joinedload(BlocklistRelease.created_by))
        .order_by(BlocklistRelease.number.desc())
    )
    return session.scalars(query).all()


def entry_ids_of(session: Session, release: BlocklistRelease | None) -> list[int]:
    """Ids of a release's entries in its order; empty for no release."""
    if release is None:
        return []
    query = (
        select(ReleaseLine.entry_id)
        .where(ReleaseLine.release_id == release.id)
        .order_by(ReleaseLine.position)
    )
    return list(session.scalars(query))


def new_ids_of(session: Session, release: BlocklistRelease) -> list[int]:
    """Ids of the entries that the release added."""
    query = (
        select(ReleaseLine.entry_id)
        .where(ReleaseLine.release_id == release.id, ReleaseLine.is_new)
        .order_by(ReleaseLine.position)
    )
    return list(session.scalars(query))


def load_entries(session: Session, ids: Sequence[int]) -> list[BlocklistEntry]:
    """Entries in the order of ``ids``."""
    query = select(BlocklistEntry).where(BlocklistEntry.id.in_(ids)).options(*_row_options())
    by_id = {entry.id: entry for entry in session.scalars(query)}
    return [by_id[entry_id] for entry_id in ids]


def count_lines(session: Session, release: BlocklistRelease) -> int:
    """How many lines the database has for a release."""
    query = select(func.count()).where(ReleaseLine.release_id == release.id)
    return session.scalar(query) or 0
