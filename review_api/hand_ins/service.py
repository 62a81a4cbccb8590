"""Taking in what people bring; a job fetches it, this room only writes and reads rows."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from models.ad import Ad, AdVersion
from models.audit import AuditAction, AuditLog
from models.enums import HandInState, HandInVia, ParseState, TextPlace
from models.errors import NotFound, Rejected
from models.hand_in import HandIn
from models.review import ReviewTask
from models.typed_urls import MAX_TYPED, address_of
from models.urls import BadUrl, url_sha256
from review_api.auth.schemas import Person
from review_api.fields import drop_nul
from review_api.hand_ins.schemas import MAX_ADDRESSES, HandInRow
from review_api.masking import mask_text

BAD_ADDRESS = "bad_address"
SHOWN = 50


class NothingHandedIn(Rejected):
    """Neither an address nor words."""


class TooManyAddresses(Rejected):
    """More addresses at once than are taken."""


class HandInService:
    """Writes what is handed in, and says how it stands."""

    def __init__(self, audit: AuditLog) -> None:
        self._audit = audit

    def hand_in(
        self,
        session: Session,
        addresses: Sequence[str],
        *,
        words: str,
        region: str,
        via: HandInVia,
        person: Person,
        now: datetime,
    ) -> tuple[HandInRow, ...]:
        """Take addresses, each as one row; words without any address are a row of their own.

        Raises:
            NothingHandedIn: there is neither.
            TooManyAddresses: more than ``MAX_ADDRESSES``.
        """
        typed = [drop_nul(address).strip()[:MAX_TYPED] for address in addresses]
        typed = list(dict.fromkeys(filter(None, typed)))
        words = drop_nul(words).strip()
        if len(typed) > MAX_ADDRESSES:
            raise TooManyAddresses("Hand in fewer at once.", limit=MAX_ADDRESSES)
        if not typed and not words:
            raise NothingHandedIn("Write an address, or what the caller said.")
        rows = [
            _new_row(address, words or None, region.strip(), via, person, now) for address in typed or [""]
        ]
        session.add_all(rows)
        session.flush()
        self._audit.append(
            session,
            AuditAction.HAND_IN_MADE,
            actor=person.actor,
            subject_kind="hand_in",
            subject_id=rows[0].id,
            now=now,
            details={"n_rows": len(rows), "n_refused": sum(row.state is HandInState.REFUSED for row in rows)},
        )
        return self._shown(session, rows)

    def list_latest(self, session: Session) -> tuple[HandInRow, ...]:
        """The latest, newest first."""
        rows = session.scalars(select(HandIn).order_by(HandIn.id.desc()).limit(SHOWN)).all()
        return self._shown(session, rows)

    def show(self, session: Session, hand_in_id: int) -> HandInRow:
        """One of them.

        Raises:
            NotFound: there is none.
        """
        row = session.get(HandIn, hand_in_id)
        if row is None:
            raise NotFound("There is no such row.", hand_in_id=hand_in_id)
        return self._shown(session, [row])[0]

    def _shown(self, session: Session, rows: Sequence[HandIn]) -> tuple[HandInRow, ...]:
        return tuple(_row(row, _cases(session, row)) for row in rows)


def _new_row(
    typed: str, words: str | None, region: str, via: HandInVia, person: Person, now: datetime
) -> HandIn:
    row = HandIn(
        handed_in_by_id=person.id,
        handed_in_at=now,
        via=via,
        typed=typed,
        words=words,
        region=region[:100],
        state=HandInState.WAITING,
    )
    if typed:
        try:
            row.url = address_of(typed)
            row.url_sha256 = url_sha256(row.url)
        except BadUrl:
            row.state, row.why, row.answered_at = HandInState.REFUSED, BAD_ADDRESS, now
    return row


def _cases(session: Session, row: HandIn) -> tuple[tuple[int, str], ...]:
    """Cases about the ads that its page showed, also those that were here before."""
    if row.page_id is None:
        return ()
    is_of_page = AdVersion.page_id == row.page_id
    if row.url is not None:
        is_of_page = or_(is_of_page, Ad.url == row.url)
    tasks = session.execute(
        select(ReviewTask.id, ReviewTask.case_number)
        .join(Ad, ReviewTask.ad_id == Ad.id)
        .join(AdVersion, Ad.current_version_id == AdVersion.id)
        .where(is_of_page, Ad.source_id == row.page.source_id if row.page else is_of_page)
        .order_by(ReviewTask.id)
        .limit(20)
    )
    return tuple((task_id, number) for task_id, number in tasks)


def _row(row: HandIn, cases: tuple[tuple[int, str], ...]) -> HandInRow:
    is_read = row.page is not None and row.page.parse_state in (
        ParseState.PARSED,
        ParseState.PARSE_INCOMPLETE,
    )
    return HandInRow(
        id=row.id,
        via=row.via,
        handed_in_at=row.handed_in_at,
        handed_in_by=row.handed_in_by.display_name,
        typed=row.typed,
        url=row.url,
        words=mask_text(row.words, TextPlace.TEXT, ()) if row.words else None,
        region=row.region,
        state=row.state,
        why=row.why,
        result=row.result,
        is_read=is_read,
        n_ads=row.page.n_ads if row.page is not None and is_read else None,
        cases=cases,
        answered_at=row.answered_at,
    )
