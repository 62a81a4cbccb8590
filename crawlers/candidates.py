"""Places that ads name and no source covers: counted here, decided on by a person, never crawled unasked."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from crawlers.inserting import insert_missing, update_rows
from crawlers.schedule import WITHOUT_SLOTS
from crawlers.sources_config import config_of
from models.ad import Ad, AdVersion, Contact
from models.classification import Classification
from models.crawl import Source
from models.enums import ContactKind
from models.leases import JobReport
from models.session import Database
from models.watch import Candidate

MIN_ADS = 2
MAX_PLACE = 255
_AT_ONCE = 1000
_PREFIX = re.compile(r"^(?:https?://)?(?:www\.|m\.)?", re.IGNORECASE)
_TELEGRAM = ("t.me", "telegram.me")
# Each profile there is a place of its own.
_PLATFORMS = ("vk.com", "instagram.com", "ok.ru", "tiktok.com", "facebook.com", "youtube.com", "threads.net")
# Ways to write to somebody; nobody publishes there.
_MESSENGERS = ("wa.me", "api.whatsapp.com", "chat.whatsapp.com", "viber.com", "signal.me")


def place_of(kind: ContactKind, value: str) -> str | None:
    """The place that a handle or link names, alike for all its spellings; None for what is no place."""
    if kind is ContactKind.HANDLE:
        name = value.strip().lstrip("@").lower()
        return f"t.me/{name}" if name else None
    if kind is not ContactKind.LINK:
        return None
    host, _, path = _PREFIX.sub("", value.strip()).partition("/")
    host, path = host.partition("?")[0].partition(":")[0].lower(), path.partition("?")[0].partition("#")[0]
    segments = [segment for segment in path.split("/") if segment]
    if host in _TELEGRAM:
        segments = segments[1:] if segments[:1] == ["s"] else segments
        name = segments[0] if segments else ""
        return f"t.me/{name if name.startswith('+') else name.lower()}"[:MAX_PLACE] if name else None
    if host in _MESSENGERS or "." not in host:
        return None
    if host in _PLATFORMS:
        return f"{host}/{segments[0].lower()}"[:MAX_PLACE] if segments else None
    return host[:MAX_PLACE]


@dataclass(slots=True)
class _Named:
    kind: ContactKind
    first_at: datetime
    last_at: datetime
    ads: set[int] = field(default_factory=set)
    flagged: set[int] = field(default_factory=set)

    def columns(self) -> dict[str, object]:
        """The columns of a new candidate."""
        return {
            "kind": self.kind,
            "n_ads": len(self.ads),
            "n_flagged": len(self.flagged),
            "first_named_at": self.first_at,
            "last_named_at": self.last_at,
        }


def find_candidates(db: Database, _now: datetime) -> JobReport:
    """Count anew who names what; a person's decision stays. A function of the rows, so safe to repeat.

    The counting holds no lock; only what differs is written.
    """
    with db.read() as session:
        covered = _covered_places(session)
    named = {
        place: found
        for place, found in _named_places(db).items()
        if (found.flagged or len(found.ads) >= MIN_ADS) and not _is_covered(place, covered)
    }
    with db.read() as session:
        known = {row.place: row for row in session.scalars(select(Candidate))}
    new = [{"place": place} | found.columns() for place, found in named.items() if place not in known]
    changed = [
        {"id": row.id} | counts
        for place, row in known.items()
        if (counts := _counts(named.get(place), row)) != _counts_of(row)
    ]
    if not new and not changed:
        return JobReport()
    with db.write() as session:
        update_rows(session, Candidate, changed)
        return JobReport(len(changed) + len(insert_missing(session, Candidate, new)))


def _counts(found: _Named | None, row: Candidate) -> dict[str, object]:
    """What is to stand on a candidate's row; one that nobody names any more keeps when it last was."""
    if found is None:
        return {"n_ads": 0, "n_flagged": 0, "last_named_at": row.last_named_at}
    return {"n_ads": len(found.ads), "n_flagged": len(found.flagged), "last_named_at": found.last_at}


def _counts_of(row: Candidate) -> dict[str, object]:
    return {"n_ads": row.n_ads, "n_flagged": row.n_flagged, "last_named_at": row.last_named_at}


def _named_places(db: Database) -> dict[str, _Named]:
    named: dict[str, _Named] = {}
    last_id = 0
    while rows := _next_contacts(db, last_id):
        last_id = rows[-1].contact_id
        for row in rows:
            place = place_of(row.kind, row.value)
            if place is None:
                continue
            found = named.setdefault(place, _Named(row.kind, row.first_seen_at, row.last_seen_at))
            found.ads.add(row.ad_id)
            if row.is_flagged:
                found.flagged.add(row.ad_id)
            found.first_at = min(found.first_at, row.first_seen_at)
            found.last_at = max(found.last_at, row.last_seen_at)
    return named


def _next_contacts(
    db: Database, last_id: int
) -> Sequence[Row[int, ContactKind, str, int, datetime, datetime, bool]]:
    """Handles and links of present texts, in short readings: a long one would hold up every commit."""
    query = (
        select(
            Contact.id.label("contact_id"),
            Contact.kind,
            Contact.value,
            Ad.id.label("ad_id"),
            Ad.first_seen_at,
            Ad.last_seen_at,
            Classification.is_flagged,
        )
        .join(AdVersion, Contact.ad_version_id == AdVersion.id)
        .join(Ad, Ad.current_version_id == AdVersion.id)
        .outerjoin(
            Classification,
            (Classification.ad_version_id == AdVersion.id)
            & (Classification.classifier_version_id == AdVersion.classified_by_id),
        )
        .where(Contact.kind.in_((ContactKind.HANDLE, ContactKind.LINK)), Contact.id > last_id)
        .order_by(Contact.id)
        .limit(_AT_ONCE)
    )
    with db.read() as session:
        return session.execute(query).all()


def _covered_places(session: Session) -> set[str]:
    """Hosts and channels of all sources, on or off: about those somebody has decided already."""
    covered = set()
    for source in session.scalars(select(Source).where(Source.kind.not_in(WITHOUT_SLOTS))):
        config = config_of(source)
        starts = (place_of(ContactKind.LINK, url) for url in config.start)
        covered |= {place for place in starts if place} | set(config.all_hosts)
    return covered - set(_TELEGRAM) - set(_PLATFORMS)


def _is_covered(place: str, covered: set[str]) -> bool:
    host = place.partition("/")[0]
    return place in covered or any(host == own or host.endswith("." + own) for own in covered)
