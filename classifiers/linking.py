"""Linking: classified ads that say the same stand in one cluster.

Running the job twice, or two at once, changes nothing: rows are leased, and a
near-duplicate finds the same cluster whoever looks.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, text
from sqlalchemy.orm import Session, aliased

from classifiers.jobs import BATCH, LEASE_SECONDS
from classifiers.similarity import Fingerprint, band_rows, fingerprint, is_near_duplicate
from models.ad import Ad, AdVersion, Cluster, Contact, SimilarityBand, mark_changed
from models.leases import JobReport, lease_rows, release
from models.session import Database

_MAX_CANDIDATES = 30
_LINK_LOCK = 0x5A9517
_WORDS = (AdVersion.title, AdVersion.text, AdVersion.picture_text)


def link_pending(
    database: Database, *, now: datetime, limit: int = BATCH, lease_seconds: float = LEASE_SECONDS
) -> JobReport:
    """Put the ads of up to ``limit`` classified ad versions into clusters of near-duplicates.

    An ad keeps the cluster it once has, because cases hang on it; an ad without
    one joins the oldest cluster of an ad that resembles it, or starts its own.

    Args:
        database: where the ads are.
        now: present time.
        limit: ad versions in one call.
        lease_seconds: after this another worker may take them.
    """
    pending = AdVersion.linked_at.is_(None) & AdVersion.classified_by_id.is_not(None)
    with database.read() as session:
        if session.scalar(select(AdVersion.id).where(pending).limit(1)) is None:
            return JobReport()
    with database.write() as session:
        token, ids = lease_rows(
            session,
            AdVersion,
            where=pending,
            order_by=[AdVersion.id],
            n=limit,
            now=now,
            seconds=lease_seconds,
        )
    if not ids:
        return JobReport()
    with database.read() as session:
        rows = session.execute(select(AdVersion.id, *_WORDS).where(AdVersion.id.in_(ids))).all()
    prints = {row.id: _print_of(row) for row in rows}
    with database.write() as session:
        _one_linker_at_a_time(session)
        leased = session.scalars(
            select(AdVersion)
            .where(AdVersion.id.in_(ids), AdVersion.lease_token == token)
            .order_by(AdVersion.id)
        ).all()
        for row in leased:
            _link(session, row, prints[row.id], now=now)
            row.linked_at = now
            release(row)
            session.flush()
        return JobReport(n_done=len(leased))


def _print_of(row: Row[*tuple[Any, ...]]) -> Fingerprint:  # Any: the other columns beside _WORDS
    """Fingerprint of all that an ad says, in its pictures too."""
    return fingerprint("\n".join(filter(None, (row.title, row.text, row.picture_text))))


def _one_linker_at_a_time(session: Session) -> None:
    """Two linkers at once would give two copies of one ad a cluster each; SQLite has one writer anyway."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LINK_LOCK})


def _link(session: Session, row: AdVersion, printed: Fingerprint, *, now: datetime) -> None:
    keys = band_rows(printed.runs)
    ad = session.get_one(Ad, row.ad_id)
    if ad.cluster_id is None:
        ad.cluster_id = _cluster_of(session, row, printed, keys) or _new_cluster(session, now)
        mark_changed(session, ad.id)
    if (
        session.scalar(select(SimilarityBand.band).where(SimilarityBand.ad_version_id == row.id).limit(1))
        is None
    ):
        session.add_all(SimilarityBand(ad_version_id=row.id, band=band, key=key) for band, key in keys)


def _cluster_of(
    session: Session, row: AdVersion, printed: Fingerprint, keys: Sequence[tuple[int, str]]
) -> int | None:
    """Return the oldest cluster of an ad whose text resembles this one, or None."""
    candidates = session.execute(
        select(AdVersion.id, *_WORDS, Ad.cluster_id)
        .join(Ad, AdVersion.ad_id == Ad.id)
        .where(
            AdVersion.id.in_({*_ids_by_band(session, keys), *_ids_by_contact(session, row)}),
            AdVersion.ad_id != row.ad_id,
            Ad.cluster_id.is_not(None),
        )
        .order_by(Ad.cluster_id, AdVersion.id)
    ).all()
    contacts = _contact_values(session, [row.id, *(c.id for c in candidates)])
    for candidate in candidates:
        shares = not contacts.get(row.id, frozenset()).isdisjoint(contacts.get(candidate.id, frozenset()))
        other = _print_of(candidate)
        if is_near_duplicate(printed, other, shares_contact=shares):
            return int(candidate.cluster_id)
    return None


def _ids_by_band(session: Session, keys: Iterable[tuple[int, str]]) -> list[int]:
    """Return ad versions that share a band, those with the lowest id first."""
    found: set[int] = set()
    for band, key in keys:
        same = (
            select(SimilarityBand.ad_version_id)
            .where(SimilarityBand.band == band, SimilarityBand.key == key)
            .order_by(SimilarityBand.ad_version_id)
            .limit(_MAX_CANDIDATES)
        )
        found.update(session.scalars(same))
    return sorted(found)[:_MAX_CANDIDATES]


def _ids_by_contact(session: Session, row: AdVersion) -> list[int]:
    """Return ad versions of other ads with a contact of this one, the newest first.

    A phone of an agency stands in thousands of ads, and a copy follows its
    original soon, so the newest are looked at.
    """
    own = aliased(Contact)
    same = (
        select(AdVersion.id)
        .join(Contact, Contact.ad_version_id == AdVersion.id)
        .join(own, (own.kind == Contact.kind) & (own.value == Contact.value))
        .where(own.ad_version_id == row.id, AdVersion.ad_id != row.ad_id)
        .group_by(AdVersion.id)
        .order_by(AdVersion.id.desc())
        .limit(_MAX_CANDIDATES)
    )
    return list(session.scalars(same))


def _contact_values(session: Session, ad_version_ids: Sequence[int]) -> dict[int, frozenset[str]]:
    found: dict[int, set[str]] = {}
    rows = session.execute(
        select(Contact.ad_version_id, Contact.value).where(Contact.ad_version_id.in_(ad_version_ids))
    )
    for ad_version_id, value in rows:
        found.setdefault(ad_version_id, set()).add(value)
    return {ad_version_id: frozenset(values) for ad_version_id, values in found.items()}


def _new_cluster(session: Session, now: datetime) -> int:
    cluster = Cluster(created_at=now)
    session.add(cluster)
    session.flush()
    return cluster.id
