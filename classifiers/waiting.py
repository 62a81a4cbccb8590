"""What the line does while there is no usable artifact: the ads wait, and each says why."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from sqlalchemy import select, update

from classifiers.artifact import BadArtifact
from classifiers.artifacts import Installed, load
from classifiers.jobs import classify_pending
from models.ad import AdVersion
from models.audit import AuditLog
from models.doctor import Finding
from models.installation import Installation
from models.leases import JobReport
from models.logs import get_logger
from models.session import Database
from models.unscored import NO_ARTIFACT, count_unscored

log = get_logger(__name__)


class LazyClassifier:
    """The classifier of a worker: loaded when first asked for, and looked for again while it is missing.

    Args:
        load: gives the classifier, or raises ``BadArtifact``.
        retry_seconds: so long a missing or damaged artifact is not looked for again.
    """

    def __init__(self, load: Callable[[], Installed], retry_seconds: float = 15.0) -> None:
        self._load = load
        self._retry = timedelta(seconds=retry_seconds)
        self._installed: Installed | None = None
        self._tried_at: datetime | None = None

    def get(self, now: datetime) -> Installed | None:
        """Return the classifier, or None while there is none; why not is logged at each try."""
        if self._installed is None and (self._tried_at is None or now - self._tried_at >= self._retry):
            self._tried_at = now
            try:
                self._installed = self._load()
            except BadArtifact as error:
                log.error("classify.artifact.unusable", reason=error.message)
        return self._installed


def classify_or_wait(
    database: Database, audit: AuditLog, classifier: LazyClassifier, *, now: datetime
) -> JobReport:
    """Classify what is pending; without a usable artifact note on each ad why it waits, and leave it."""
    installed = classifier.get(now)
    if installed is not None:
        return classify_pending(database, audit, installed, now=now)
    waiting = AdVersion.classified_by_id.is_(None) & AdVersion.error.is_(None)
    with database.read() as session:
        if session.scalar(select(AdVersion.id).where(waiting).limit(1)) is None:
            return JobReport()
    with database.write() as session:
        session.execute(update(AdVersion).where(waiting).values(error=NO_ARTIFACT))
    return JobReport()


def classifier_findings(home: Installation) -> Iterator[Finding]:
    """Whether the classifier can be used, and how many ads wait unscored, by reason."""
    try:
        installed = load(home.settings.artifacts_dir)
    except BadArtifact as error:
        yield Finding(False, error.message)
    else:
        yield Finding(
            True, f"classifier {installed.version}, fitted on {installed.scorer.artifact.n_texts} texts"
        )
    with home.database.read() as session:
        for reason, n in count_unscored(session):
            advice = f" {_ADVICE}" if reason == NO_ARTIFACT else ""
            yield Finding(False, f"{n} ads wait unscored ({reason}).{advice}")


_ADVICE = "They are read by themselves once there is a classifier. Run: saqshy train"
