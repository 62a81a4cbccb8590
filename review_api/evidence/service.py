"""Evidence of a case: its state now, giving it out, and a line in the audit log for each act."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy.orm import Session

from models.ad import Ad
from models.audit import Actor, AuditAction, AuditLog
from models.blobs import BlobStore
from models.blocklist import BlocklistEntry
from models.crawl import Page
from models.enums import EvidenceKind, FetchResult, PictureState
from models.errors import NotFound, Rejected
from models.evidence import Evidence, Picture
from models.integrity import find_damage
from models.review import ReviewTask
from models.seals import evidence_damages
from review_api.evidence import repository
from review_api.evidence.ad_pictures import list_ad_pictures
from review_api.evidence.erasing import erase_picture_words
from review_api.evidence.package import COVER, Stamps, make_package
from review_api.evidence.repository import EVIDENCE_SUBJECT
from review_api.evidence.schemas import CaseEvidence, Erased, EvidenceState, Export, Item, PictureLine

# The worker looks once a day; what it has not looked at for longer is not trusted.
TRUST_CHECK_FOR = timedelta(hours=36)


class EvidenceDamaged(Rejected):
    """An item is not what was stored; it is not given out."""

    status = 409


class NothingStored(Rejected):
    """The case has no stored file, or its bytes were erased."""

    status = 409


class CaseFrozen(Rejected):
    """Evidence of the case is damaged: nothing is decided on it and nothing of it is released."""

    status = 409


class EvidenceService:
    """Methods work in the caller's transaction."""

    def __init__(self, audit: AuditLog, store: BlobStore) -> None:
        self._audit = audit
        self._store = store

    def of_case(self, session: Session, task: ReviewTask, *, is_brief: bool = False) -> CaseEvidence:
        """All stored files behind a case, each checked against its row, its seals and its stamps.

        Args:
            session: a read session.
            task: the case.
            is_brief: check the files alone, for a page that shows them in passing; of what covers them
                it says what the worker found last.
        """
        pages = repository.list_pages(session, task.ad_id, task.ad_version_id)
        items = self._items(session, pages, is_brief=is_brief)
        return CaseEvidence(
            case_number=task.case_number,
            task_id=task.id,
            title=task.ad_version.title,
            source=task.ad.source.title,
            items=items,
            custody=repository.list_custody(session, [one for item in items for one in item.own_ids]),
            pictures=() if is_brief else list_ad_pictures(session, task.ad_id),
        )

    def of_ad(self, session: Session, ad: Ad) -> CaseEvidence:
        """The same for an ad, whether it is a case or not."""
        pages = repository.list_pages(session, ad.id, ad.current_version_id)
        items = self._items(session, pages, is_brief=False)
        custody = repository.list_custody(session, _ids(items))
        return CaseEvidence(f"ad {ad.id}", 0, "", ad.source.title, items, custody)

    def _items(self, session: Session, pages: Sequence[Page], *, is_brief: bool) -> tuple[Item, ...]:
        return tuple(
            self._item(session, page, page.evidence, is_brief=is_brief)
            for page in pages
            if page.evidence is not None
        )

    def _item(self, session: Session, page: Page, evidence: Evidence, *, is_brief: bool) -> Item:
        return Item(
            evidence_id=evidence.id,
            kind=evidence.kind,
            sha256=evidence.sha256,
            size_bytes=evidence.size_bytes,
            url=page.final_url,
            http_status=page.http_status,
            content_type=page.content_type,
            captured_at=_received_at(page, evidence),
            server_date=page.headers.get("date"),
            erased_at=evidence.erased_at,
            problems=self._problems(session, evidence, is_brief=is_brief),
            stamps=repository.list_stamps(session, evidence),
            proof=None if is_brief else repository.find_proof(session, evidence),
            picture=_picture_line(repository.find_picture(session, evidence.id)),
        )

    def _problems(self, session: Session, evidence: Evidence, *, is_brief: bool) -> tuple[str, ...]:
        damage = None if evidence.erased_at is not None else find_damage(session, self._store, evidence)
        covers = () if is_brief else evidence_damages(session, evidence)
        found = repository.found_problems(session, evidence.id)
        return tuple(dict.fromkeys([*([damage] if damage else []), *covers, *found]))

    def need_whole(self, session: Session, task: ReviewTask) -> None:
        """Let a case pass whose files are what was stored.

        Raises:
            CaseFrozen: one is not.
        """
        for page in repository.list_pages(session, task.ad_id, task.ad_version_id):
            if page.evidence is not None and self._problems(session, page.evidence, is_brief=False):
                raise _frozen(task.case_number)

    def need_list_whole(self, session: Session, entries: Sequence[BlocklistEntry], *, now: datetime) -> None:
        """Let a list pass no ad of which has damaged evidence.

        What the worker found last counts; what it has not looked at for long is looked at now.

        Raises:
            CaseFrozen: names the first case.
        """
        states = repository.check_states(session, [entry.ad_id for entry in entries])
        for entry in entries:
            state = states.get(entry.ad_id)
            if state is None:
                continue
            if state.is_damaged:
                raise _frozen(entry.task.case_number)
            if state.checked_at is None or now - state.checked_at > TRUST_CHECK_FOR:
                self.need_whole(session, entry.task)

    def frozen_entries(self, session: Session, entries: Sequence[BlocklistEntry]) -> list[BlocklistEntry]:
        """Entries of whose ads the worker found damaged evidence."""
        states = repository.check_states(session, [entry.ad_id for entry in entries])
        return [entry for entry in entries if entry.ad_id in states and states[entry.ad_id].is_damaged]

    def export(self, session: Session, task: ReviewTask, *, actor: Actor, now: datetime) -> Export:
        """Pack a case's evidence; the audit line of each item and picture names the package's hash.

        Raises:
            NothingStored: there is nothing to give out.
            EvidenceDamaged: an item is not what was stored.
        """
        case = self._to_give_out(session, task)
        package = make_package(
            case, self._store.get, self._picture_stamps(session), actor=actor.name, now=now
        )
        content = package.zipped(case, now)
        export = Export(f"{task.case_number}.wacz", content, sha256(content).hexdigest(), len(case.items))
        details = {"case_number": task.case_number, "package_sha256": export.sha256}
        for evidence_id in _ids(case.items):
            self._note(session, AuditAction.EVIDENCE_EXPORTED, evidence_id, actor, now, details)
        return export

    def _to_give_out(self, session: Session, task: ReviewTask) -> CaseEvidence:
        case = self.of_case(session, task)
        given = tuple(item for item in case.items if item.erased_at is None)
        if not given:
            raise NothingStored(
                "The case has no stored page, or its bytes were erased.", case=task.case_number
            )
        damaged = [item for item in given if item.state is EvidenceState.DAMAGED]
        if damaged:
            ids = ", ".join(str(item.evidence_id) for item in damaged)
            raise EvidenceDamaged(f"Evidence {ids} is damaged and is not given out. Run: saqshy verify")
        return replace(case, items=given)

    def read_picture(
        self, session: Session, task: ReviewTask, picture_id: int, *, actor: Actor, now: datetime
    ) -> bytes:
        """The PNG of one of the case's pages; noted as read.

        Raises:
            NotFound: the case has no such picture.
        """
        ids = [
            page.evidence_id or 0 for page in repository.list_pages(session, task.ad_id, task.ad_version_id)
        ]
        pictures = [repository.find_picture(session, evidence_id) for evidence_id in ids]
        png = next((p.png for p in pictures if p is not None and p.png_id == picture_id), None)
        if png is None or png.erased_at is not None:
            raise NotFound("The case has no such picture.", picture_id=picture_id)
        body = self._store.get(png.sha256)
        self._note(session, AuditAction.EVIDENCE_READ, png.id, actor, now, {"case_number": task.case_number})
        return body

    def note_read(self, session: Session, case: CaseEvidence, *, actor: Actor, now: datetime) -> None:
        """Note that somebody looked at the items of a case."""
        for item in case.items:
            details = {"case_number": case.case_number}
            self._note(session, AuditAction.EVIDENCE_READ, item.evidence_id, actor, now, details)

    def cover_sheet(self, session: Session, task: ReviewTask, *, actor: Actor, now: datetime) -> bytes:
        """The cover sheet of the package as it would be now; noted as printed.

        Raises:
            NothingStored, EvidenceDamaged: as :meth:`export`.
        """
        case = self._to_give_out(session, task)
        stamps = self._picture_stamps(session)
        sheet = make_package(case, self._store.get, stamps, actor=actor.name, now=now)
        for evidence_id in _ids(case.items):
            details = {"case_number": task.case_number}
            self._note(session, AuditAction.EVIDENCE_PRINTED, evidence_id, actor, now, details)
        return sheet.files[COVER]

    def want_picture(
        self, session: Session, task: ReviewTask, evidence_id: int, *, actor: Actor, now: datetime
    ) -> None:
        """Ask for a picture of one of the case's pages, or again for one that failed.

        Raises:
            NotFound: the case has no such item.
        """
        ids = [page.evidence_id for page in repository.list_pages(session, task.ad_id, task.ad_version_id)]
        if evidence_id not in ids:
            raise NotFound("The case has no such evidence.", evidence_id=evidence_id)
        picture = repository.find_picture(session, evidence_id)
        if picture is None:
            session.add(Picture(evidence_id=evidence_id, wanted_at=now))
        elif picture.state is PictureState.TAKEN:
            return
        else:
            picture.state, picture.attempts, picture.next_try_at = PictureState.WANTED, 0, None
        self._note(
            session, AuditAction.PICTURE_WANTED, evidence_id, actor, now, {"case_number": task.case_number}
        )

    def erase(
        self, session: Session, evidence: Evidence, *, reason: str, actor: Actor, now: datetime
    ) -> Erased:
        """Mark an item and the picture of its page as erased, and erase the words read in the ads' pictures.

        The caller or the sweep removes the files; rows, hashes and what proves them stay.
        """
        picture = repository.find_picture(session, evidence.id)
        png = picture.png if picture is not None else None
        files = [item for item in (evidence, png) if item is not None]
        for item in files:
            if item.erased_at is None:
                item.erased_at = now
                self._note(session, AuditAction.EVIDENCE_ERASED, item.id, actor, now, {"reason": reason})
        session.flush()
        n_versions, held_by = erase_picture_words(session, evidence)
        return Erased(tuple(item.sha256 for item in files), n_versions, held_by)

    def _picture_stamps(self, session: Session) -> Callable[[int], Stamps]:
        def stamps_of(evidence_id: int) -> Stamps:
            found = repository.list_stamps(session, session.get_one(Evidence, evidence_id))
            return [(s.authority, s.response, s.roots_pem) for s in found if not s.covers_day]

        return stamps_of

    def _note(
        self,
        session: Session,
        action: AuditAction,
        evidence_id: int,
        actor: Actor,
        now: datetime,
        details: dict[str, str],
    ) -> None:
        self._audit.append(
            session,
            action,
            actor=actor,
            subject_kind=EVIDENCE_SUBJECT,
            subject_id=evidence_id,
            now=now,
            details=dict(details),
        )


def _frozen(case_number: str) -> CaseFrozen:
    return CaseFrozen(
        f"Evidence of case {case_number} is damaged, or what sealed it is gone. "
        "Nothing is decided on it or released. Run: saqshy verify",
        case_number=case_number,
    )


def _ids(items: Sequence[Item]) -> list[int]:
    """Items and their pictures, each once."""
    pictures = (item.picture.evidence_id for item in items if item.picture is not None)
    return list(dict.fromkeys([*(item.evidence_id for item in items), *filter(None, pictures)]))


def _received_at(page: Page, evidence: Evidence) -> datetime:
    """When the bytes came; imported pages with equal bytes share a row, which knows the first alone."""
    is_shared = evidence.kind is EvidenceKind.BODY and page.result is not FetchResult.NOT_MODIFIED
    return page.fetched_at if is_shared else evidence.captured_at


def _picture_line(picture: Picture | None) -> PictureLine | None:
    if picture is None:
        return None
    png = picture.png
    is_there = png is not None and png.erased_at is None and png.kind is EvidenceKind.PICTURE
    return PictureLine(
        state=picture.state,
        taken_at=picture.taken_at,
        browser=picture.browser,
        evidence_id=png.id if png is not None and is_there else None,
        sha256=png.sha256 if png is not None and is_there else None,
        erased_id=png.id if png is not None and png.erased_at is not None else None,
    )
