"""Rows of ads for tests, with everything a document is made of."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.ad import Ad, AdVersion, Contact
from models.classification import Classification, ClassifierVersion, IndicatorHit, PurposeScore
from models.crawl import Page, Source
from models.enums import (
    ClassifierState,
    ContactKind,
    FetchResult,
    Language,
    Level,
    Purpose,
    Side,
    SourceKind,
    TaskState,
    TextPlace,
)
from models.review import ReviewTask

START = datetime(2026, 11, 1, tzinfo=UTC)


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def add_source(session: Session, name: str = "olx", kind: SourceKind = SourceKind.CLASSIFIEDS) -> Source:
    """The source of that name, made if it is not there."""
    source = session.scalar(select(Source).where(Source.name == name))
    if source is None:
        source = Source(
            name=name, kind=kind, title=name, settings={}, settings_sha256=sha(name), created_at=START
        )
        session.add(source)
        session.flush()
    return source


def add_ad(
    session: Session,
    number: int,
    text: str,
    *,
    title: str = "",
    source: str = "olx",
    region: str | None = None,
) -> Ad:
    """One ad with its first version, not classified."""
    owner = add_source(session, source)
    ad = Ad(
        source_id=owner.id,
        external_id=str(number),
        url=f"https://example.kz/{number}",
        first_seen_at=START + timedelta(seconds=number),
        last_seen_at=START + timedelta(seconds=number),
    )
    session.add(ad)
    session.flush()
    add_version(session, ad, text, title=title, region=region)
    return ad


def add_version(
    session: Session, ad: Ad, text: str, *, title: str = "", number: int = 1, region: str | None = None
) -> AdVersion:
    """A further text of an ad, which becomes the present one."""
    url = f"{ad.url}?{number}"
    page = Page(
        source_id=ad.source_id,
        url=url,
        url_sha256=sha(url),
        final_url=url,
        fetched_at=START,
        headers={},
        result=FetchResult.PAGE,
    )
    session.add(page)
    session.flush()
    version = AdVersion(
        ad_id=ad.id,
        number=number,
        content_sha256=sha(title + "\n" + text),
        url=ad.url,
        title=title,
        text=text,
        region=region,
        observed_at=START,
        page_id=page.id,
    )
    session.add(version)
    session.flush()
    ad.current_version_id = version.id
    return version


def add_contact(session: Session, version: AdVersion, kind: ContactKind, value: str, found: str) -> None:
    """A contact that stands in the text as ``found``."""
    start = version.text.index(found)
    session.add(
        Contact(
            ad_version_id=version.id,
            kind=kind,
            value=value,
            place=TextPlace.TEXT,
            start=start,
            end=start + len(found),
        )
    )


def add_classification(
    session: Session,
    version: AdVersion,
    *,
    classifier: str = "v1",
    level: Level = Level.HIGH,
    priority: float = 0.9,
    is_flagged: bool = True,
    scores: Mapping[Purpose, float] | None = None,
    hits: Sequence[tuple[str, bool, bool]] = (),
) -> Classification:
    """The reading of a version; ``hits`` are (code, is_counted, is_counter_sign)."""
    known = session.scalar(select(ClassifierVersion).where(ClassifierVersion.version == classifier))
    if known is None:
        known = ClassifierVersion(
            version=classifier, state=ClassifierState.ENABLED, created_at=START, details={}
        )
        session.add(known)
        session.flush()
    found = Classification(
        ad_version_id=version.id,
        classifier_version_id=known.id,
        language=Language.RU,
        is_flagged=is_flagged,
        priority=priority,
        level=level,
        side=Side.OFFER,
        rules=[],
        model_words=[],
        created_at=START,
        scores=[PurposeScore(purpose=purpose, score=score) for purpose, score in (scores or {}).items()],
        hits=[
            IndicatorHit(
                code=code,
                place=TextPlace.TEXT,
                start=i,
                end=i + 1,
                quote=version.text[i : i + 1],
                weight=1.0,
                is_counted=is_counted,
                is_counter_sign=is_counter_sign,
            )
            for i, (code, is_counted, is_counter_sign) in enumerate(hits)
        ],
    )
    session.add(found)
    session.flush()
    version.classified_by_id = known.id
    return found


def add_task(
    session: Session, found: Classification, number: str, state: TaskState = TaskState.OPEN
) -> ReviewTask:
    """A review task on a classified version."""
    version = session.get_one(AdVersion, found.ad_version_id)
    task = ReviewTask(
        case_number=number,
        state=state,
        level=found.level,
        severity=3,
        priority=found.priority,
        opened_at=START,
    )
    task.show(version.ad, version, found)
    session.add(task)
    session.flush()
    return task
