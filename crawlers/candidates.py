"""Places that ads name and no source covers: counted here, decided on by a person, never crawled unasked."""

import re
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from crawlers.inserting import insert_missing
from crawlers.schedule import WITHOUT_SLOTS
from crawlers.sources_config import config_of
from models.ad import Ad, AdVersion, Contact
from models.classification import Classification
from models.crawl import Source
from models.enums import ContactKind
from models.leases import JobReport
from models.watch import Candidate

MIN_ADS = 2
MAX_PLACE = 255
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


def find_candidates(session: Session, _now: datetime) -> JobReport:
    """Count anew who names what; a person's decision stays. A function of the rows, so safe to repeat."""
    covered = _covered_places(session)
    named = {
        place: found
        for place, found in _named_places(session).items()
        if (found.flagged or len(found.ads) >= MIN_ADS) and not _is_covered(place, covered)
    }
    known = {row.place: row for row in session.scalars(select(Candidate).with_for_update())}
    rows = [
        {
            "place": place,
            "kind": found.kind,
            "n_ads": len(found.ads),
            "n_flagged": len(found.flagged),
            "first_named_at": found.first_at,
            "last_named_at": found.last_at,
        }
        for place, found in named.items()
        if place not in known
    ]
    n_changed = len(insert_missing(session, Candidate, rows))
    for place, row in known.items():
        counts = (len(named[place].ads), len(named[place].flagged)) if place in named else (0, 0)
        if (row.n_ads, row.n_flagged) != counts:
            row.n_ads, row.n_flagged = counts
            n_changed += 1
        if place in named:
            row.last_named_at = named[place].last_at
    return JobReport(n_changed)


def _named_places(session: Session) -> dict[str, _Named]:
    rows = session.execute(
        select(
            Contact.kind,
            Contact.value,
            Ad.id,
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
        .where(Contact.kind.in_((ContactKind.HANDLE, ContactKind.LINK)))
        .execution_options(yield_per=1000)
    )
    named: dict[str, _Named] = {}
    for row in rows:
        place = place_of(row.kind, row.value)
        if place is None:
            continue
        found = named.setdefault(place, _Named(row.kind, row.first_seen_at, row.last_seen_at))
        found.ads.add(row.id)
        if row.is_flagged:
            found.flagged.add(row.id)
        found.first_at = min(found.first_at, row.first_seen_at)
        found.last_at = max(found.last_at, row.last_seen_at)
    return named


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
