"""Classifying and linking what is pending, on both databases."""

import json
from datetime import datetime, timedelta

from sqlalchemy import func, select

from classifiers.artifacts import Installed
from classifiers.jobs import classify_pending
from classifiers.linking import link_pending
from classifiers.risk import ClassifiedText
from models.ad import Ad, AdVersion, Contact
from models.audit import AuditAction, AuditEvent, AuditLog
from models.classification import Classification, ClassifierVersion, IndicatorHit
from models.enums import ClassifierState, Purpose
from models.errors import Rejected
from models.session import Database
from tests.classifiers.test_similarity import COOK, COOK_IN_CHANNEL, WAITER
from tests.factories import make_ad, make_source

ORGAN = "Продам почку, срочно, вторая группа. Тел +7 701 123 45 67"
SOFA = "Продам диван, самовывоз из центра города"
LONG = (
    "Требуются рабочие в тепличное хозяйство, проживание в общежитии и питание три раза в день, "
    "оплата каждую неделю, нужны мужчины без вредных привычек, звоните до восьми вечера"
)


class Fragile(Installed):
    """A classifier that stumbles over one ad."""

    def classify(self, text: str, title: str | None = None, pictures: str | None = None) -> ClassifiedText:
        if text == "сломанное":
            raise Rejected("no")
        return Installed.classify(self, text, title, pictures)


def _add(database: Database, *texts: str) -> list[int]:
    with database.write() as session:
        source = make_source(session)
        return [make_ad(session, source, title="Объявление", text=text).id for text in texts]


def test_a_pending_ad_gets_its_result_with_reasons(
    database: Database, audit_log: AuditLog, installed: Installed, now: datetime
) -> None:
    _add(database, ORGAN, SOFA)
    report = classify_pending(database, audit_log, installed, now=now)
    assert (report.n_done, report.n_failed) == (2, 0)
    with database.read() as session:
        organ, sofa = session.scalars(select(Classification).order_by(Classification.ad_version_id)).all()
        assert (organ.is_flagged, sofa.is_flagged) == (True, False)
        assert max(organ.scores, key=lambda s: s.score).purpose is Purpose.ORGAN_REMOVAL
        for hit in organ.hits:
            assert ORGAN[hit.start : hit.end] == hit.quote
        contact = session.scalars(select(Contact)).one()
        assert (contact.value, contact.start) == ("+77011234567", ORGAN.index("+7"))
        assert all(v.lease_token is None for v in session.scalars(select(AdVersion)))
        assert session.scalars(select(Ad.is_index_behind)).all() == [True, True]


def test_running_it_again_changes_nothing(
    database: Database, audit_log: AuditLog, installed: Installed, now: datetime
) -> None:
    _add(database, ORGAN)
    classify_pending(database, audit_log, installed, now=now)
    assert classify_pending(database, audit_log, installed, now=now).n_done == 0
    with database.write() as session:
        # As if a worker had died between storing the result and noting it on the row.
        session.scalars(select(AdVersion)).one().classified_by_id = None
    assert classify_pending(database, audit_log, installed, now=now).n_done == 1
    with database.read() as session:
        counts = [
            session.scalar(select(func.count()).select_from(t))
            for t in (Classification, ClassifierVersion, Contact)
        ]
        assert counts == [1, 1, 1]
        assert session.scalar(select(func.count()).select_from(IndicatorHit)) > 0
        assert session.scalar(select(func.count()).select_from(Classification)) == 1


def test_one_bad_ad_is_noted_on_its_row_and_skipped(
    database: Database, audit_log: AuditLog, installed: Installed, now: datetime
) -> None:
    _add(database, "первое", "сломанное", ORGAN)
    fragile = Fragile(installed.scorer, installed.sha256)
    report = classify_pending(database, audit_log, fragile, now=now)
    assert (report.n_done, report.n_failed) == (2, 1)
    with database.read() as session:
        bad = session.scalars(select(AdVersion).where(AdVersion.text == "сломанное")).one()
        assert (bad.error, bad.classified_by_id) == ("classify: Rejected", None)
        assert bad.next_try_at is not None
    assert classify_pending(database, audit_log, fragile, now=now).n_done == 0
    assert classify_pending(database, audit_log, installed, now=now + timedelta(hours=1)).n_done == 1


def test_a_new_classifier_reads_all_ads_again_and_takes_over(
    database: Database, audit_log: AuditLog, installed: Installed, now: datetime
) -> None:
    _add(database, ORGAN)
    classify_pending(database, audit_log, installed, now=now)
    following = Installed(installed.scorer, "0" * 64)
    assert classify_pending(database, audit_log, following, now=now).n_done == 1
    with database.read() as session:
        states = dict(session.execute(select(ClassifierVersion.version, ClassifierVersion.state)).all())
        assert states == {
            installed.version: ClassifierState.RETIRED,
            following.version: ClassifierState.ENABLED,
        }
        assert session.scalar(select(func.count()).select_from(Classification)) == 2
        assert session.scalar(select(func.count()).select_from(Contact)) == 1


def test_near_duplicates_share_a_cluster(
    database: Database, audit_log: AuditLog, installed: Installed, now: datetime
) -> None:
    one, copy, other, disguised = _add(
        database, LONG, LONG + " Тел 8 701 123 45 67", SOFA, LONG.replace("о", "o")
    )
    classify_pending(database, audit_log, installed, now=now)
    assert link_pending(database, now=now).n_done == 4
    assert link_pending(database, now=now).n_done == 0
    with database.read() as session:
        cluster = dict(session.execute(select(Ad.id, Ad.cluster_id)).all())
    assert cluster[one] == cluster[copy] == cluster[disguised]
    assert cluster[other] not in {None, cluster[one]}


def test_a_shared_phone_makes_a_candidate(
    database: Database, audit_log: AuditLog, installed: Installed, now: datetime
) -> None:
    cook, in_channel, waiter = _add(database, COOK, COOK_IN_CHANNEL, WAITER)
    classify_pending(database, audit_log, installed, now=now)
    link_pending(database, now=now)
    with database.read() as session:
        cluster = dict(session.execute(select(Ad.id, Ad.cluster_id)).all())
    assert cluster[cook] == cluster[in_channel] != cluster[waiter]


def test_taking_a_version_into_use_is_audited_once(
    database: Database, audit_log: AuditLog, installed: Installed, now: datetime
) -> None:
    _add(database, ORGAN)
    classify_pending(database, audit_log, installed, now=now)
    classify_pending(database, audit_log, installed, now=now)
    following = Installed(installed.scorer, "0" * 64)
    classify_pending(database, audit_log, following, now=now)
    with database.read() as session:
        events = session.scalars(select(AuditEvent).order_by(AuditEvent.seq)).all()
        assert [e.action for e in events] == [AuditAction.CLASSIFIER_REGISTERED] * 2
        first, second = (json.loads(e.details) for e in events)
        assert (first["version"], first["retired"]) == (installed.version, [])
        assert (second["version"], second["retired"]) == (following.version, [installed.version])


def test_an_ad_waits_for_linking_until_it_is_classified(database: Database, now: datetime) -> None:
    _add(database, LONG)
    assert link_pending(database, now=now).n_done == 0


def test_two_batches_find_the_same_cluster(
    database: Database, audit_log: AuditLog, installed: Installed, now: datetime
) -> None:
    ids = _add(database, LONG, LONG)
    classify_pending(database, audit_log, installed, now=now)
    assert [link_pending(database, now=now, limit=1).n_done for _ in range(3)] == [1, 1, 0]
    with database.read() as session:
        assert len(set(session.scalars(select(Ad.cluster_id).where(Ad.id.in_(ids))))) == 1
