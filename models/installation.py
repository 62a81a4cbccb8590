"""What one installation consists of: settings, database, audit log, stored bytes."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from models.audit import AuditLog, load_audit_key, load_heads, save_head
from models.blobs import BlobStore
from models.config import Settings, load_settings
from models.errors import BadSettings
from models.leases import JobReport
from models.logs import configure_logs
from models.schema import check_schema, upgrade_schema
from models.session import Database


@dataclass(frozen=True)
class Installation:
    """The parts every command shares, each opened when it is first used."""

    settings: Settings

    @cached_property
    def database(self) -> Database:
        """The database, its schema checked.

        Raises:
            BadSettings: there is none yet, or another program version made it.
        """
        if self.settings.is_sqlite and not (self.settings.data_dir / "saqshy.sqlite3").exists():
            raise BadSettings(f"There is no database in {self.settings.data_dir} yet. Run: saqshy migrate")
        database = Database(self.settings)
        check_schema(database)
        return database

    @cached_property
    def audit(self) -> AuditLog:
        """The audit log under this installation's key."""
        return AuditLog(load_audit_key(self.settings.keys_dir / "audit.key"))

    @cached_property
    def store(self) -> BlobStore:
        """The stored bytes."""
        return BlobStore(self.settings.evidence_dir)

    def audit_damages(self) -> Iterator[str]:
        """Check the audit log against its key and the heads noted outside; nothing when it is whole."""
        with self.database.read() as session:
            yield from self.audit.verify(session, load_heads(self.settings.audit_heads_file))

    def note_audit_head(self, now: datetime) -> JobReport:
        """Write the present end of the audit log outside the database."""
        with self.database.read() as session:
            save_head(self.settings.audit_heads_file, self.audit.head(session), now)
        return JobReport()


def open_installation() -> Installation:
    """Read the settings and set up logs: the first thing an entry point does."""
    settings = load_settings()
    configure_logs(settings.log_format, settings.log_level)
    return Installation(settings)


def prepare_installation(settings: Settings, now: datetime) -> Installation:
    """Make the data folder (0700), the schema and the keys, or bring them up to date; safe to repeat."""
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    settings.data_dir.chmod(0o700)
    database = Database(settings)
    try:
        upgrade_schema(database)
    finally:
        database.close()
    installation = Installation(settings)
    installation.note_audit_head(now)
    return installation
