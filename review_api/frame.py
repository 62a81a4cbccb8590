"""What surrounds a page for this request: language, person, the way round with its numbers, notes."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import quote

from fastapi import Request

from models.enums import Role
from review_api.ads.schemas import Unscored
from review_api.auth.schemas import Person
from review_api.i18n import Words, choose_locale, load_words
from review_api.rendering import KEYS_COOKIE, LOCALE_COOKIE, Frame, NavItem, Note, read_note
from review_api.services import Services

# The numbers in the bar are the same for everybody; one look per ten seconds is fresh enough.
COUNTS_LIVE_FOR = timedelta(seconds=10)
# How much waits unscored changes slowly, and counting it reads an index of every version.
UNSCORED_LIVES_FOR = timedelta(seconds=30)


@dataclass(frozen=True)
class Place:
    """A place in the bar, who sees it, and the key that follows G."""

    name: str
    href: str
    roles: frozenset[Role]
    key: str | None = None


_READERS = frozenset({Role.ANALYST, Role.APPROVER, Role.OFFICER, Role.AUDITOR})
PLACES = (
    Place("work", "/work", frozenset({Role.ANALYST, Role.APPROVER})),
    Place("queue", "/queue", _READERS - {Role.OFFICER}, "q"),
    Place("search", "/search", _READERS, "s"),
    Place("hand_in", "/hand-in", frozenset({Role.ANALYST, Role.APPROVER, Role.AUDITOR})),
    Place("sources", "/sources", frozenset({Role.ANALYST, Role.APPROVER, Role.AUDITOR, Role.ADMIN})),
    Place("unread", "/unread", frozenset({Role.ANALYST, Role.AUDITOR, Role.ADMIN})),
    Place("try", "/try", frozenset({Role.ANALYST, Role.APPROVER, Role.AUDITOR, Role.ADMIN})),
    Place("approvals", "/approvals", frozenset({Role.APPROVER, Role.AUDITOR}), "a"),
    Place("releases", "/releases", _READERS, "r"),
    Place("audit", "/audit", frozenset({Role.AUDITOR, Role.ADMIN})),
    Place("users", "/people", frozenset({Role.ADMIN, Role.AUDITOR})),
)
FIRST_PAGES = {
    Role.ANALYST: "/work",
    Role.APPROVER: "/approvals",
    Role.OFFICER: "/releases",
    Role.AUDITOR: "/audit",
    Role.ADMIN: "/people",
}


@dataclass(frozen=True)
class Counts:
    """How much waits: in the queue, and for a second signature."""

    queue: int
    approvals: int
    counted_at: datetime


def count_waiting(request: Request, services: Services, person: Person) -> Counts:
    """The numbers of the bar, at most ``COUNTS_LIVE_FOR`` old."""
    now = services.now()
    kept: Counts | None = getattr(request.app.state, "counts", None)
    if kept is not None and timedelta() <= now - kept.counted_at < COUNTS_LIVE_FOR:
        return kept
    with services.db.read() as session:
        waiting = services.tasks.count_waiting(session, now=now)
        to_sign = services.tasks.my_work(session, person, now=now).n_waiting_for_signature
    counts = Counts(waiting, to_sign, now)
    request.app.state.counts = counts
    return counts


@dataclass(frozen=True)
class UnscoredCounts:
    """How many ads no classifier has read, by reason."""

    by_reason: tuple[Unscored, ...]
    counted_at: datetime


def count_unscored(request: Request, services: Services) -> tuple[Unscored, ...]:
    """Why ads wait unscored and how many do, counted at most ``UNSCORED_LIVES_FOR`` ago."""
    now = services.now()
    kept: UnscoredCounts | None = getattr(request.app.state, "unscored", None)
    if kept is None or not timedelta() <= now - kept.counted_at < UNSCORED_LIVES_FOR:
        with services.db.read() as session:
            kept = UnscoredCounts(services.ads.unscored(session), now)
        request.app.state.unscored = kept
    return kept.by_reason


def forget_counts(request: Request) -> None:
    """After an act the next page counts anew, so that a person sees what they did."""
    request.app.state.counts = None


def words_for(request: Request, person: Person | None) -> Words:
    """The language of this request: the person's, else the one chosen before signing in, else Kazakh."""
    if person is not None:
        return load_words(person.locale)
    wanted = request.query_params.get("lang") or request.cookies.get(LOCALE_COOKIE)
    return load_words(choose_locale(wanted))


def make_frame(
    request: Request, services: Services, person: Person | None, current: str = "", *notes: Note
) -> Frame:
    """The frame of one page.

    Args:
        request: the present one.
        services: of this app.
        person: who is signed in, if anybody.
        current: name of the place in the bar that this page belongs to.
        notes: to be shown above the page, after the note of the last act.
    """
    words = words_for(request, person)
    is_reader = person is not None and person.role in _READERS
    counts = count_waiting(request, services, person) if person is not None and is_reader else None
    return Frame(
        words=words,
        path=_path_of(request),
        person=person,
        csrf_token=person.csrf_token if person else "",
        nav=_nav(person, current, counts),
        notes=read_note(request, words) + notes,
        has_keys=person is not None and request.cookies.get(KEYS_COOKIE) != "off",
    )


def _nav(person: Person | None, current: str, counts: Counts | None) -> tuple[NavItem, ...]:
    if person is None:
        return ()
    numbers = {} if counts is None else {"queue": counts.queue, "approvals": counts.approvals}
    return tuple(
        NavItem(
            label=f"nav.{place.name}",
            href=place.href,
            is_current=place.name == current,
            key=place.key,
            count_name=place.name if place.name in numbers else None,
            count=numbers.get(place.name, 0),
        )
        for place in PLACES
        if person.role in place.roles
    )


def _path_of(request: Request) -> str:
    """Where a form that belongs to no page leads back to; the address of a POST has no page."""
    if request.method != "GET":
        return "/"
    query = f"?{request.url.query}" if request.url.query else ""
    return quote(request.scope["path"], safe="/") + query
