"""Rows for tests, with the least that makes them valid; every value can be given.

The functions add to the given write session and flush, so that ids are there.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.ad import Ad, AdVersion, Cluster, Contact
from models.blobs import BlobStore
from models.classification import Classification, ClassifierVersion, IndicatorHit, PurposeScore
from models.crawl import Page, Source
from models.enums import (
    LEVELS_BY_SEVERITY,
    Agency,
    ClassifierState,
    ContactKind,
    FetchResult,
    Language,
    Level,
    ParseState,
    Purpose,
    Role,
    Side,
    SourceKind,
    TextPlace,
)
from models.evidence import Evidence
from models.people import User
from models.review import ReviewTask
from models.urls import url_sha256
from review_api.auth.passwords import hash_password

START = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
PASSWORD = "a quiet blue lamp 417"
# Argon2id takes 50 ms on purpose; a suite with hundreds of users hashes one password once.
_PASSWORD_HASH: list[str] = []
_numbers = count(1)


def next_number() -> int:
    """A number that no other row of this process has."""
    return next(_numbers)


def sha(text: str) -> str:
    """SHA-256 of a text."""
    return hashlib.sha256(text.encode()).hexdigest()


def make_user(
    session: Session,
    name: str | None = None,
    role: Role = Role.ANALYST,
    *,
    agency: Agency = Agency.MKI,
    display_name: str | None = None,
    locale: str = "kk",
    created_at: datetime = START,
) -> User:
    """A person whose password is ``PASSWORD``."""
    if not _PASSWORD_HASH:
        _PASSWORD_HASH.append(hash_password(PASSWORD))
    name = name or f"{role.value}{next_number()}"
    user = User(
        name=name,
        display_name=display_name or name.title(),
        role=role,
        agency=agency,
        password_hash=_PASSWORD_HASH[0],
        locale=locale,
        created_at=created_at,
    )
    session.add(user)
    session.flush()
    return user


def make_source(
    session: Session,
    name: str | None = None,
    kind: SourceKind = SourceKind.CLASSIFIEDS,
    *,
    title: str | None = None,
    is_enabled: bool = True,
    settings: dict[str, Any] | None = None,
) -> Source:
    """A source."""
    name = name or f"source{next_number()}"
    source = Source(
        name=name,
        kind=kind,
        title=title or name.title(),
        settings=settings or {},
        settings_sha256=sha(name),
        is_enabled=is_enabled,
        created_at=START,
    )
    session.add(source)
    session.flush()
    return source


_bodies: dict[str, bytes] = {}
_stores: list[BlobStore] = []


def make_evidence(session: Session, body: bytes | None = None, *, captured_at: datetime = START) -> Evidence:
    """A row of stored bytes; their file is written in a review room, elsewhere by :func:`write_evidence`."""
    body = body if body is not None else f"<html>{next_number()}</html>".encode()
    for store in _stores:
        store.put(body)
    _bodies[hashlib.sha256(body).hexdigest()] = body
    evidence = Evidence(
        sha256=hashlib.sha256(body).hexdigest(), size_bytes=len(body), captured_at=captured_at
    )
    session.add(evidence)
    session.flush()
    return evidence


def write_evidence_to(folder: Path) -> None:
    """Write the file of each evidence that is made from now on."""
    _stores[:] = [BlobStore(folder)]


def write_evidence(folder: Path) -> None:
    """Write the files of all evidence made so far into an installation's folder."""
    BlobStore(folder).put_many(list(_bodies.values()))


def make_page(
    session: Session,
    source: Source,
    url: str,
    *,
    evidence: Evidence | None = None,
    fetched_at: datetime = START,
    parse_state: ParseState = ParseState.PARSED,
    parse_problems: Sequence[str] = (),
) -> Page:
    """A fetched page."""
    page = Page(
        source_id=source.id,
        url=url,
        url_sha256=url_sha256(url),
        final_url=url,
        fetched_at=fetched_at,
        http_status=200,
        headers={"content-type": "text/html"},
        content_type="text/html",
        result=FetchResult.PAGE,
        evidence_id=(evidence or make_evidence(session, captured_at=fetched_at)).id,
        parse_state=parse_state,
        parse_problems=list(parse_problems),
        n_ads=1,
    )
    session.add(page)
    session.flush()
    return page


def make_cluster(session: Session) -> Cluster:
    """An empty cluster."""
    cluster = Cluster(created_at=START)
    session.add(cluster)
    session.flush()
    return cluster


def make_ad(
    session: Session,
    source: Source | None = None,
    *,
    title: str = "Требуются девушки в Корею",
    text: str = "Билет за наш счёт, паспорт остаётся у администратора. Пишите +7 701 234 56 78",
    url: str | None = None,
    external_id: str | None = None,
    cluster: Cluster | None = None,
    seen_at: datetime = START,
    **version_values: Any,
) -> Ad:
    """An ad with its first version; ``version_values`` go to :func:`make_version`."""
    source = source or make_source(session)
    external_id = external_id or str(next_number())
    ad = Ad(
        source_id=source.id,
        external_id=external_id,
        url=url or f"https://{source.name}.example.kz/ads/{external_id}",
        first_seen_at=seen_at,
        last_seen_at=seen_at,
        cluster_id=cluster.id if cluster else None,
    )
    ad.source = source
    session.add(ad)
    session.flush()
    make_version(session, ad, title=title, text=text, observed_at=seen_at, **version_values)
    return ad


def make_version(
    session: Session,
    ad: Ad,
    *,
    title: str,
    text: str,
    observed_at: datetime = START,
    region: str | None = "Алматы",
    author: str | None = None,
    is_parse_incomplete: bool = False,
    page: Page | None = None,
    contacts: Sequence[tuple[ContactKind, str]] = (),
    pictures: Sequence[str] = (),
    picture_text: str | None = None,
) -> AdVersion:
    """A further version of an ad, which becomes its present one; contacts are placed where they stand."""
    last = session.scalars(
        select(AdVersion.number).where(AdVersion.ad_id == ad.id).order_by(AdVersion.number.desc()).limit(1)
    ).one_or_none()
    version = AdVersion(
        ad_id=ad.id,
        number=(last or 0) + 1,
        content_sha256=sha(f"{ad.id}\n{ad.url}\n{title}\n{text}\n{picture_text or ''}"),
        url=ad.url,
        title=title,
        text=text,
        author=author,
        region=region,
        observed_at=observed_at,
        page_id=(page or make_page(session, ad.source, ad.url, fetched_at=observed_at)).id,
        is_parse_incomplete=is_parse_incomplete,
        pictures=list(pictures),
        picture_text=picture_text,
    )
    session.add(version)
    session.flush()
    ad.current_version_id = version.id
    for kind, value in contacts:
        start = text.find(value)
        session.add(
            Contact(
                ad_version_id=version.id,
                kind=kind,
                value=value,
                place=TextPlace.TEXT if start >= 0 else None,
                start=start if start >= 0 else None,
                end=start + len(value) if start >= 0 else None,
            )
        )
    session.flush()
    return version


def make_classifier(
    session: Session, version: str = "test-1", state: ClassifierState = ClassifierState.ENABLED
) -> ClassifierVersion:
    """The classifier version of that name; made at its first use."""
    found = session.scalars(
        select(ClassifierVersion).where(ClassifierVersion.version == version)
    ).one_or_none()
    if found is not None:
        return found
    classifier = ClassifierVersion(version=version, state=state, created_at=START, details={})
    session.add(classifier)
    session.flush()
    return classifier


def make_classification(
    session: Session,
    version: AdVersion,
    *,
    classifier: ClassifierVersion | None = None,
    is_flagged: bool = True,
    priority: float = 0.9,
    level: Level = Level.HIGH,
    side: Side = Side.OFFER,
    language: Language = Language.RU,
    is_minor: bool = False,
    is_live_victim: bool = False,
    scores: dict[Purpose, float] | None = None,
    quotes: Sequence[tuple[str, str]] = (("R04", "паспорт остаётся у администратора"),),
    created_at: datetime = START,
) -> Classification:
    """What a classifier found; ``quotes`` are (code, words), placed where the words stand in the text."""
    classifier = classifier or make_classifier(session)
    classification = Classification(
        ad_version_id=version.id,
        classifier_version_id=classifier.id,
        language=language,
        is_flagged=is_flagged,
        priority=priority,
        level=level,
        side=side,
        is_minor=is_minor,
        is_live_victim=is_live_victim,
        rules=[],
        model_words=[],
        created_at=created_at,
    )
    session.add(classification)
    session.flush()
    version.classified_by_id = classifier.id
    for purpose, score in (scores or {Purpose.SEXUAL_EXPLOITATION: 0.9}).items():
        session.add(PurposeScore(classification_id=classification.id, purpose=purpose, score=score))
    for code, quote in quotes:
        place = TextPlace.TITLE if quote in version.title else TextPlace.TEXT
        start = (version.title if place is TextPlace.TITLE else version.text).find(quote)
        if start >= 0:
            session.add(
                IndicatorHit(
                    classification_id=classification.id,
                    code=code,
                    place=place,
                    start=start,
                    end=start + len(quote),
                    quote=quote,
                    weight=9,
                    is_counter_sign=code.startswith("C"),
                    is_counted=True,
                )
            )
    session.flush()
    return classification


@dataclass(frozen=True)
class FlaggedTask:
    """Ids of a task and the rows behind it."""

    id: int
    case_number: str
    ad_id: int
    ad_version_id: int
    classification_id: int
    content_sha256: str


def make_flagged_task(
    session: Session,
    source: Source | None = None,
    *,
    title: str = "Требуются девушки в Корею",
    text: str = "Билет за наш счёт, паспорт остаётся у администратора. Пишите +7 701 234 56 78",
    url: str | None = None,
    cluster: Cluster | None = None,
    opened_at: datetime = START,
    contacts: Sequence[tuple[ContactKind, str]] = ((ContactKind.PHONE, "+7 701 234 56 78"),),
    region: str | None = "Алматы",
    **classification_values: Any,
) -> FlaggedTask:
    """An open review task on a flagged ad; ``classification_values`` go to :func:`make_classification`."""
    ad = make_ad(
        session, source, title=title, text=text, url=url, cluster=cluster, contacts=contacts, region=region
    )
    version = session.get_one(AdVersion, ad.current_version_id)
    classification = make_classification(session, version, **classification_values)
    classification.triaged_at = opened_at
    is_referral = classification.is_minor or classification.is_live_victim
    task = ReviewTask(
        case_number=f"2026-{next_number():06d}",
        level=classification.level,
        severity=LEVELS_BY_SEVERITY.index(classification.level)
        + (len(LEVELS_BY_SEVERITY) if is_referral else 0),
        priority=classification.priority,
        is_referral=is_referral,
        opened_at=opened_at,
    )
    task.show(ad, version, classification)
    session.add(task)
    session.flush()
    return FlaggedTask(
        id=task.id,
        case_number=task.case_number,
        ad_id=ad.id,
        ad_version_id=version.id,
        classification_id=classification.id,
        content_sha256=version.content_sha256,
    )
