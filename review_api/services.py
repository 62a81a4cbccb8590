"""All services of the review API, made once per process."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from index.engine import SearchEngine
from models.audit import AuditLog
from models.blobs import BlobStore
from models.config import Settings
from models.session import Database
from models.worker import utc_now
from review_api.ads.service import AdService
from review_api.audit.service import AuditService
from review_api.auth.service import AuthService
from review_api.blocklist.grounds import LegalGrounds
from review_api.blocklist.listing import ListingRules, load_protected
from review_api.blocklist.releases import ReleaseService
from review_api.blocklist.service import BlocklistService
from review_api.evidence.service import EvidenceService
from review_api.hand_ins.service import HandInService
from review_api.people.service import PeopleService
from review_api.precision import FILE_NAME as PRECISIONS_FILE
from review_api.precision import Precisions
from review_api.sources.service import SourceService
from review_api.tasks.decisions import DecisionService
from review_api.tasks.detail import CaseService
from review_api.tasks.service import TaskService
from review_api.trial.reader import TrialReader

Clock = Callable[[], datetime]


@dataclass(frozen=True)
class Services:
    """What endpoints and pages call.

    Services take the caller's session and the present time; the caller is the
    edge that opens ``db.read()`` or ``db.write()`` and so commits. Only
    ``auth.sign_in`` and ``releases.make_release`` open their own transactions,
    and say why.

    Attributes:
        now: the clock; tests pass their own.
    """

    settings: Settings
    db: Database
    now: Clock
    auth: AuthService
    tasks: TaskService
    cases: CaseService
    decisions: DecisionService
    grounds: LegalGrounds
    ads: AdService
    blocklist: BlocklistService
    releases: ReleaseService
    audit: AuditService
    people: PeopleService
    evidence: EvidenceService
    sources: SourceService
    hand_ins: HandInService
    precisions: Precisions
    trial: TrialReader


def build_services(
    settings: Settings, db: Database, audit: AuditLog, search: SearchEngine, *, now: Clock = utc_now
) -> Services:
    """Make the services of one installation.

    Raises:
        BadSettings: a key or a data file is damaged.
    """
    listing, grounds = ListingRules(load_protected()), LegalGrounds()
    audit_service = AuditService(settings, audit)
    evidence = EvidenceService(audit, BlobStore(settings.evidence_dir))
    return Services(
        settings=settings,
        db=db,
        now=now,
        auth=AuthService(settings, db, audit),
        tasks=TaskService(settings, db, audit),
        cases=CaseService(audit, audit_service, listing),
        decisions=DecisionService(settings, audit, listing, grounds, evidence),
        grounds=grounds,
        ads=AdService(search),
        blocklist=BlocklistService(audit),
        releases=ReleaseService(settings, db, audit, listing, grounds, evidence),
        audit=audit_service,
        people=PeopleService(audit),
        evidence=evidence,
        sources=SourceService(audit),
        hand_ins=HandInService(audit),
        precisions=Precisions(settings.data_dir / PRECISIONS_FILE),
        trial=TrialReader(settings.artifacts_dir),
    )
