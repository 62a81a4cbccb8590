"""Numbered, complete, signed releases.

Order of the steps, so that a crash at any of them publishes nothing half:

1. under the ledger's lock: number, lines, difference, hashes, signature;
2. files into ``.NNNNNN.part``, each fsynced, then the folder;
3. row, lines and audit event commit together;
4. the folder is renamed to ``NNNNNN``.

Before step 3 nothing has happened; a left-over folder is cleared by the next
attempt. After it the release exists, and whoever touches it next does step 4.
"""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from sqlalchemy.orm import Session

from models.audit import Actor, AuditAction, AuditHead, AuditLog, save_head
from models.blobs import fsync_folder, write_durably
from models.blocklist import BlocklistEntry, BlocklistRelease, ReleaseLine
from models.config import Settings
from models.errors import NotFound, Rejected, SaqshyError
from models.session import Database
from review_api.auth.schemas import Person
from review_api.blocklist import files, names, repository
from review_api.blocklist.grounds import LegalGrounds
from review_api.blocklist.lines import ListLine, content_sha256, load_lines, machine_line
from review_api.blocklist.listing import ListingRules
from review_api.blocklist.schemas import (
    Damage,
    HeldEntry,
    ReleaseCheck,
    ReleaseDetail,
    ReleasePreview,
    ReleaseRow,
)
from review_api.blocklist.service import MIN_REASON_LENGTH, show_entries
from review_api.blocklist.signing import Signer, canonical_manifest
from review_api.blocklist.verification import check_numbers, check_release, publish_part
from review_api.evidence.service import CaseFrozen, EvidenceService

# A list that grows by more than this waits for a written reason: over-blocking comes in bulk.
BRAKE_ADDITIONS = 20
BRAKE_SHARE = 0.05


class NothingNew(Rejected):
    """The list is the same as in the last release; no new one is made."""

    status = 409


class EntryNotReleasable(Rejected):
    """An entry may not leave (any more); ``context`` names it. Lift it, then make the release."""

    status = 409


class GrowthNotAcknowledged(Rejected):
    """The list grows faster than the brake allows; a written reason is needed."""

    status = 409


class ReleaseDamaged(SaqshyError):
    """A stored file of a release is not what was signed; it is not given out."""


@dataclass(frozen=True)
class _Difference:
    entries: Sequence[BlocklistEntry]
    added: tuple[int, ...]
    removed: tuple[int, ...]
    last: BlocklistRelease | None

    @property
    def number(self) -> int:
        return self.last.number + 1 if self.last else 1

    @property
    def is_fast(self) -> bool:
        before = self.last.n_entries if self.last else 0
        return len(self.added) > BRAKE_ADDITIONS and len(self.added) > BRAKE_SHARE * before


class ReleaseService:
    """Makes, shows, hands out and checks releases.

    ``make_release`` opens its own transaction, since the last step (the rename)
    comes after the commit; the other methods work in the caller's.
    """

    def __init__(
        self,
        settings: Settings,
        db: Database,
        audit: AuditLog,
        listing: ListingRules,
        grounds: LegalGrounds,
        evidence: EvidenceService,
    ) -> None:
        self._settings = settings
        self._folder = settings.releases_dir
        self._db = db
        self._audit = audit
        self._listing = listing
        self._grounds = grounds
        self._evidence = evidence
        self._signer = Signer(settings.keys_dir)

    def preview(self, session: Session, *, now: datetime) -> ReleasePreview:
        """What the next release would hold, and what stands in its way."""
        change = self._difference(session, now, is_whole=True)
        problems = self._listing.problems([entry.url for entry in change.entries])
        frozen = {entry.id for entry in self._evidence.frozen_entries(session, change.entries)}
        held = [entry for entry in change.entries if entry.url in problems or entry.id in frozen]
        shown = dict(zip(held, show_entries(session, held), strict=True))
        content = self._content(session, change)
        return ReleasePreview(
            next_number=change.number,
            n_entries=len(change.entries),
            added=show_entries(session, repository.load_entries(session, change.added)),
            removed=show_entries(session, repository.load_entries(session, change.removed)),
            held=tuple(
                HeldEntry(shown[entry], problems[entry.url].code, problems[entry.url].message)
                if entry.url in problems
                else HeldEntry(shown[entry], CaseFrozen.__name__, "Evidence of its ad is damaged.")
                for entry in held
            ),
            is_same=_is_same(change, content),
            needs_acknowledgement=change.is_fast,
        )

    def make_release(
        self, actor: Actor, *, acknowledge_growth: str | None = None, now: datetime
    ) -> ReleaseRow:
        """Make the next release and publish its files.

        Args:
            actor: who makes it; a person.
            acknowledge_growth: a written reason, needed when the list grows fast.
            now: its time.

        Raises:
            NothingNew: the list has not changed since the last release.
            EntryNotReleasable: an entry is on the protected list now, or its address is broken.
            CaseFrozen: evidence of an ad on the list is damaged, and the list would grow.
            GrowthNotAcknowledged: more than 20 and more than 5 % new entries, and no reason.
            OSError: the disk is full or broken; nothing was made.
        """
        if actor.id is None:
            raise NotFound("A release is made by a person.")
        with self._db.write() as session:
            head = repository.lock_ledger(session)
            change = self._difference(session, now, is_whole=True)
            self._check(session, change, acknowledge_growth, now)
            release = self._write(session, change, head, actor, now)
            self._note(session, release, actor, acknowledge_growth, now)
        publish_part(self._folder, release)
        with self._db.read() as session:
            save_head(self._settings.audit_heads_file, self._audit.head(session), now)
            return self._row(self._find(session, release.number))

    def list_releases(self, session: Session) -> tuple[ReleaseRow, ...]:
        """Releases, newest first."""
        return tuple(self._row(release) for release in repository.list_releases(session))

    def get_release(self, session: Session, number: int) -> ReleaseDetail:
        """One release with its difference to the one before.

        Raises:
            NotFound: no such release.
        """
        release = self._find(session, number)
        before = repository.find_release(session, number - 1)
        kept = set(repository.entry_ids_of(session, release))
        removed = [i for i in repository.entry_ids_of(session, before) if i not in kept]
        added = repository.new_ids_of(session, release)
        return ReleaseDetail(
            release=self._row(release),
            added=show_entries(session, repository.load_entries(session, added)),
            removed=show_entries(session, repository.load_entries(session, removed)),
            n_kept=release.n_entries - release.n_added,
            files=names.file_names(number),
        )

    def read_file(self, session: Session, person: Person, number: int, name: str, *, now: datetime) -> bytes:
        """One file of a release, checked before it leaves; the download is recorded.

        Raises:
            NotFound: no such release or file.
            ReleaseDamaged: the release's files, row or signature do not agree.
        """
        release = self._find(session, number)
        if name not in names.file_names(number):
            raise NotFound("There is no such file.", number=number)
        check = self.verify_release(session, number)
        if not check.is_whole:
            raise ReleaseDamaged(
                f"Release {number} is damaged and is not given out. Run: saqshy verify",
                number=number,
                files=sorted({damage.file for damage in check.damages}),
            )
        body = (self._folder / names.folder_name(number) / name).read_bytes()
        self._audit.append(
            session,
            AuditAction.RELEASE_DOWNLOADED,
            actor=person.actor,
            subject_kind="blocklist_release",
            subject_id=release.number,
            now=now,
            details={"file": name},
        )
        return body

    def verify_release(self, session: Session, number: int) -> ReleaseCheck:
        """Check one release: every file's hash, manifest, signature, key, count and content.

        Raises:
            NotFound: no such release.
        """
        release = self._find(session, number)
        publish_part(self._folder, release)
        n_lines = repository.count_lines(session, release)
        damages = check_release(self._folder, release, n_lines=n_lines, own_key=self._signer.public_key)
        return ReleaseCheck(number, tuple(damages))

    def verify_releases(self, session: Session) -> tuple[Damage, ...]:
        """Check all releases and that their numbers have no gap; empty when all is well."""
        releases = list(reversed(repository.list_releases(session)))
        damages = list(check_numbers(self._folder, [release.number for release in releases]))
        for release in releases:
            damages.extend(self.verify_release(session, release.number).damages)
        return tuple(damages)

    def finish_interrupted(self, session: Session) -> int:
        """Do the last step of releases that a crash left before it; returns how many."""
        return sum(publish_part(self._folder, release) for release in repository.list_releases(session))

    def _find(self, session: Session, number: int) -> BlocklistRelease:
        release = repository.find_release(session, number)
        if release is None:
            raise NotFound("There is no such release.", number=number)
        return release

    def _difference(self, session: Session, now: datetime, *, is_whole: bool) -> _Difference:
        last = repository.last_release(session)
        before = repository.entry_ids_of(session, last)
        entries = repository.list_active(session, now, is_whole=is_whole)
        now_ids, before_ids = {entry.id for entry in entries}, set(before)
        return _Difference(
            entries=entries,
            added=tuple(entry.id for entry in entries if entry.id not in before_ids),
            removed=tuple(entry_id for entry_id in before if entry_id not in now_ids),
            last=last,
        )

    def _check(
        self, session: Session, change: _Difference, acknowledge_growth: str | None, now: datetime
    ) -> None:
        problems = self._listing.problems([entry.url for entry in change.entries])
        for entry in change.entries:
            if entry.url in problems:
                error = problems[entry.url]
                raise EntryNotReleasable(
                    f"Entry {entry.id} cannot leave: {error.message} Lift it first.",
                    entry_id=entry.id,
                    code=error.code,
                )
        for entry in repository.load_entries(session, change.added):
            self._evidence.need_whole(session, entry.task)
        if change.added:
            # A list that only lets go may leave: nobody's lift waits for another's damaged file.
            self._evidence.need_list_whole(session, change.entries, now=now)
        if change.is_fast and len((acknowledge_growth or "").strip()) < MIN_REASON_LENGTH:
            raise GrowthNotAcknowledged(
                f"The list would grow by {len(change.added)} entries at once. "
                "Look at them, then write why this is right.",
                n_added=len(change.added),
            )

    def _content(self, session: Session, change: _Difference) -> str:
        lines = load_lines(session, change.entries, self._grounds)
        return content_sha256([machine_line(line) for line in lines])

    def _write(
        self, session: Session, change: _Difference, head: AuditHead, actor: Actor, now: datetime
    ) -> BlocklistRelease:
        lines = load_lines(session, change.entries, self._grounds)
        machine_lines = [machine_line(line) for line in lines]
        content = content_sha256(machine_lines)
        if _is_same(change, content):
            raise NothingNew("The list has not changed since the last release.", last=change.number - 1)
        removed: list[dict[str, object]] = [
            {"entry_id": entry.id, "url": entry.url, "state": entry.state.value}
            for entry in repository.load_entries(session, change.removed)
        ]
        bodies = _make_bodies(lines, machine_lines, change, removed, now)
        release = BlocklistRelease(
            number=change.number,
            created_at=now,
            created_by_id=actor.id,
            n_entries=len(lines),
            n_added=len(change.added),
            n_removed=len(change.removed),
            content_sha256=content,
            **{f"{kind}_sha256": sha256(body).hexdigest() for kind, body in bodies.items()},
            public_key=self._signer.public_key,
            audit_seq=head.seq,
            audit_mac=head.mac,
        )
        manifest = canonical_manifest(release)
        release.signature = self._signer.sign(manifest)
        stored = {names.file_name(change.number, kind): body for kind, body in bodies.items()}
        stored[names.MANIFEST_NAME] = manifest
        stored[names.SIGNATURE_NAME] = release.signature.encode()
        _write_part(self._folder, change.number, stored)
        session.add(release)
        session.flush()
        added = set(change.added)
        session.add_all(
            ReleaseLine(release_id=release.id, entry_id=entry.id, position=place, is_new=entry.id in added)
            for place, entry in enumerate(change.entries, 1)
        )
        session.flush()
        return release

    def _note(
        self,
        session: Session,
        release: BlocklistRelease,
        actor: Actor,
        acknowledge_growth: str | None,
        now: datetime,
    ) -> None:
        self._audit.append(
            session,
            AuditAction.RELEASE_MADE,
            actor=actor,
            subject_kind="blocklist_release",
            subject_id=release.number,
            now=now,
            details={
                "n_entries": release.n_entries,
                "n_added": release.n_added,
                "n_removed": release.n_removed,
                "content_sha256": release.content_sha256,
                "signature": release.signature,
                "acknowledge_growth": acknowledge_growth,
            },
        )

    def _row(self, release: BlocklistRelease) -> ReleaseRow:
        return ReleaseRow(
            number=release.number,
            created_at=release.created_at,
            created_by=release.created_by.display_name,
            n_entries=release.n_entries,
            n_added=release.n_added,
            n_removed=release.n_removed,
            csv_sha256=release.csv_sha256,
            xlsx_sha256=release.xlsx_sha256,
            json_sha256=release.json_sha256,
            public_key=release.public_key,
        )


def _is_same(change: _Difference, content: str) -> bool:
    if change.last is None:
        return not change.entries
    return change.last.content_sha256 == content


def _make_bodies(
    lines: Sequence[ListLine],
    machine_lines: Sequence[dict[str, object]],
    change: _Difference,
    removed: Sequence[dict[str, object]],
    now: datetime,
) -> dict[str, bytes]:
    return {
        "csv": files.make_csv(lines),
        "xlsx": files.make_xlsx(lines, number=change.number, created_at=now),
        "json": files.make_json(
            machine_lines, number=change.number, created_at=now, added=change.added, removed=removed
        ),
    }


def _write_part(folder: Path, number: int, bodies: dict[str, bytes]) -> None:
    """Write all files into a fresh ``.part`` folder and wait for the disk."""
    part = folder / names.part_name(number)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if part.exists():
        # No row has this number (we hold the ledger's lock): a crash left it before its commit.
        shutil.rmtree(part)
    part.mkdir(mode=0o700)
    for name, body in bodies.items():
        write_durably(part / name, body)
    fsync_folder(part)
    fsync_folder(folder)
