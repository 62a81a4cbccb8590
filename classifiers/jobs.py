"""Classifying what is pending; the rows are the queue.

Running the job twice, or two at once, changes nothing: rows are leased, and a
result is unique per ad version and classifier version.
"""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from classifiers.artifacts import Installed
from classifiers.explaining import Explanation
from classifiers.lexicon import load_lexicon
from classifiers.picture_words import read_whole_ad
from classifiers.risk import CODE_VERSION, ClassifiedText
from models.ad import AdVersion, Contact, mark_changed
from models.audit import Actor, AuditAction, AuditLog
from models.classification import Classification, ClassifierVersion, IndicatorHit, PurposeScore
from models.enums import ClassifierState, check_transition
from models.errors import SaqshyError
from models.leases import JobReport, hold_back, lease_rows, release
from models.logs import get_logger
from models.session import Database

log = get_logger(__name__)

BATCH = 50
LEASE_SECONDS = 120.0
_GIVEN_UP = timedelta(days=30)
_SYSTEM = Actor(None, "system")


def ensure_classifier_version(
    session: Session, installed: Installed, *, now: datetime, audit: AuditLog
) -> ClassifierVersion:
    """Return the row of the classifier in this code, making it the enabled one.

    Taking a version into use is an audit event of the same transaction, with
    the version that it retires.

    Until versions are promoted by a person (a later issue), what is installed
    is in use, and the version before it is retired.
    """
    name = installed.version
    facts = {
        "code_version": CODE_VERSION,
        "lexicon_sha256": load_lexicon().sha256,
        "artifact_sha256": installed.sha256,
    }
    row = session.scalar(select(ClassifierVersion).where(ClassifierVersion.version == name))
    if row is None:
        row = ClassifierVersion(
            version=name,
            state=ClassifierState.EVALUATION,
            created_at=now,
            details=facts,
        )
        session.add(row)
    if row.state is not ClassifierState.ENABLED:
        row.state = check_transition(row.state, ClassifierState.ENABLED)
        session.flush()
        others = select(ClassifierVersion).where(
            ClassifierVersion.state == ClassifierState.ENABLED, ClassifierVersion.version != name
        )
        retired = session.scalars(others).all()
        for other in retired:
            other.state = check_transition(other.state, ClassifierState.RETIRED)
        audit.append(
            session,
            AuditAction.CLASSIFIER_REGISTERED,
            actor=_SYSTEM,
            subject_kind="classifier_version",
            subject_id=row.id,
            now=now,
            details={
                "version": name,
                **facts,
                "retired": [other.version for other in retired],
            },
        )
    session.flush()
    return row


def classify_pending(
    database: Database,
    audit: AuditLog,
    installed: Installed,
    *,
    now: datetime,
    limit: int = BATCH,
    lease_seconds: float = LEASE_SECONDS,
) -> JobReport:
    """Classify up to ``limit`` ad versions that this classifier has not read yet, new ones first.

    One ad that cannot be read is recorded on its row and tried again later; the
    others go on.

    Args:
        database: where the ads are and the results go.
        audit: notes when a classifier version is taken into use.
        installed: the classifier.
        now: present time.
        limit: ad versions in one call.
        lease_seconds: after this another worker may take them.
    """
    with database.read() as session:
        known = session.scalar(
            select(ClassifierVersion.id).where(
                ClassifierVersion.version == installed.version,
                ClassifierVersion.state == ClassifierState.ENABLED,
            )
        )
        if known is not None and not _has_unread(session, known):
            return JobReport()
    with database.write() as session:
        version_id = ensure_classifier_version(session, installed, now=now, audit=audit).id
        token, ids = lease_rows(
            session,
            AdVersion,
            where=_unread(version_id),
            order_by=[AdVersion.classified_by_id.is_not(None), AdVersion.id],
            n=limit,
            now=now,
            seconds=lease_seconds,
        )
    if not ids:
        return JobReport()
    with database.read() as session:
        rows = session.execute(
            select(AdVersion.id, AdVersion.title, AdVersion.text, AdVersion.picture_text)
            .where(AdVersion.id.in_(ids))
            .order_by(AdVersion.id)
        ).all()
    results = {row.id: _classify_one(installed, *row) for row in rows}
    with database.write() as session:
        return _store(session, results, version_id=version_id, token=token, now=now)


def _unread(version_id: int):  # type: ignore[no-untyped-def]  # SQL condition
    return or_(AdVersion.classified_by_id.is_(None), AdVersion.classified_by_id != version_id)


def _has_unread(session: Session, version_id: int) -> bool:
    return session.scalar(select(AdVersion.id).where(_unread(version_id)).limit(1)) is not None


@dataclass(frozen=True, slots=True)
class _Read:
    """A result; a flag has its explanation."""

    result: ClassifiedText
    explanation: Explanation | None


def _classify_one(
    installed: Installed, ad_version_id: int, title: str, body: str, pictures: str | None
) -> _Read | str:
    """Return the result, or the name of the error that this one ad caused."""
    try:
        return _Read(*read_whole_ad(installed, body, title or None, pictures))
    except SaqshyError as error:
        log.warning("classify.ad.refused", ad_version_id=ad_version_id, code=error.code)
        return error.code
    except Exception as error:  # the edge: one ad must not stop the line
        log.error("classify.ad.failed", ad_version_id=ad_version_id, kind=type(error).__name__)
        return type(error).__name__


def _store(
    session: Session, results: dict[int, _Read | str], *, version_id: int, token: str, now: datetime
) -> JobReport:
    """Write all results of a batch and give the rows back, in the caller's transaction."""
    rows = session.scalars(
        select(AdVersion).where(AdVersion.id.in_(results), AdVersion.lease_token == token)
    ).all()
    n_failed = 0
    for row in rows:
        result = results[row.id]
        if isinstance(result, str):
            n_failed += 1
            if not hold_back(row, f"classify: {result}", now=now):
                row.next_try_at = now + _GIVEN_UP
            continue
        _store_result(session, row, result, version_id=version_id, now=now)
        row.classified_by_id = version_id
        release(row)
    mark_changed(session, *{row.ad_id for row in rows})
    return JobReport(n_done=len(rows) - n_failed, n_failed=n_failed)


def _store_result(session: Session, row: AdVersion, read: _Read, *, version_id: int, now: datetime) -> None:
    result = read.result
    already = select(Classification.id).where(
        Classification.ad_version_id == row.id, Classification.classifier_version_id == version_id
    )
    if session.scalar(already) is not None:
        return
    classification = Classification(
        ad_version_id=row.id,
        classifier_version_id=version_id,
        language=result.language,
        is_flagged=result.flagged,
        priority=result.priority,
        level=result.level,
        side=result.side,
        is_minor=result.is_minor,
        is_live_victim=result.is_live_victim,
        rules=list(result.rules),
        model_words=[asdict(word) for word in result.model_words],
        explanation=read.explanation.as_json() if read.explanation else None,
        created_at=now,
    )
    classification.hits = [
        IndicatorHit(
            code=hit.code,
            place=hit.place,
            start=hit.start,
            end=hit.end,
            quote=hit.quote,
            weight=hit.weight,
            is_counter_sign=is_counter_sign,
            is_counted=hit.counted,
            reason=hit.reason,
        )
        for hits, is_counter_sign in ((result.indicators, False), (result.counter_signs, True))
        for hit in hits
    ]
    classification.scores = [PurposeScore(purpose=p, score=score) for p, score in result.purposes.items()]
    session.add(classification)
    _store_contacts(session, row.id, result)


def _store_contacts(session: Session, ad_version_id: int, result: ClassifiedText) -> None:
    """Add the contacts found in the text; those of an earlier reading stay."""
    found = session.execute(
        select(Contact.kind, Contact.value, Contact.place, Contact.start).where(
            Contact.ad_version_id == ad_version_id
        )
    )
    known = {tuple(row) for row in found}
    for contact in result.contacts:
        key = (contact.kind, contact.value[:512], contact.place, contact.start)
        if key not in known:
            known.add(key)
            session.add(
                Contact(
                    ad_version_id=ad_version_id,
                    kind=contact.kind,
                    value=contact.value[:512],
                    place=contact.place,
                    start=contact.start,
                    end=contact.end,
                )
            )
