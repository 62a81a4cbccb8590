"""Pages as a person gets them, and rows whose every text field is an attack."""

import re
from dataclasses import dataclass

import pytest

from models.ad import Ad
from models.enums import ContactKind, Level, Purpose
from tests.factories import PASSWORD, make_ad, make_cluster, make_flagged_task, make_source, make_version
from tests.review_api.acts import add_task, approve, claim, confirm, list_address
from tests.review_api.conftest import Client, People, Room

PAYLOADS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'><svg/onload=alert(1)>",
    "javascript:alert(1)",
    "{{7*7}}${7*7}<%= 7*7 %>",
    "</textarea></title></style><script>alert(1)</script>",
    '<a href="javascript:alert(1)">x</a>',
    "\u202e<b>\u0000</b>&lt;i&gt;",
    "<!--<iframe src=//evil.example>-->",
    "` onmouseover=alert(1) x=`",
)
ATTACK = " ".join(PAYLOADS).replace("\u0000", "")


@dataclass(frozen=True)
class Cases:
    """Ids of rows in each state that a page shows."""

    open: int
    claimed: int
    confirmed: int
    listed: int
    entry: int


@pytest.fixture
def cases(sqlite_room: Room, sqlite_people: People) -> Cases:
    """One case in each state; every text that a site or a person wrote holds an attack."""
    room, people = sqlite_room, sqlite_people
    with room.db.write() as session:
        source = make_source(session, title=ATTACK)
        cluster = make_cluster(session)
        make_ad(session, source, title=ATTACK, text=ATTACK, cluster=cluster, url="https://a.example/copy")
        shown = make_flagged_task(
            session,
            source,
            title=ATTACK,
            text=f"{ATTACK} паспорт у старшего {ATTACK}",
            region=ATTACK,
            url="https://a.example/1?<script>alert(1)</script>",
            cluster=cluster,
            contacts=(
                (ContactKind.HANDLE, "javascript:alert(1)"),
                (ContactKind.LINK, "<script>alert(1)</script>"),
            ),
            quotes=(("R04", "паспорт у старшего"), ("R01", "<script>alert(1)</script>"), ("C01", ATTACK)),
            level=Level.URGENT,
            scores={Purpose.SEXUAL_EXPLOITATION: 0.9},
            is_minor=True,
        )
    claimed = add_task(room, title=ATTACK, text=ATTACK, region=ATTACK)
    claim(room, people.analyst, claimed)
    with room.db.write() as session:
        make_version(
            session, session.get_one(Ad, claimed.ad_id), title=ATTACK, text=f"{ATTACK} 2", author=ATTACK
        )
    second = add_task(room, title=ATTACK, text=ATTACK, region=ATTACK)
    confirm(room, people.analyst, second, reason=ATTACK)
    third = add_task(room, title=ATTACK, text=ATTACK, region=ATTACK, url="https://a.example/3")
    approved = approve(
        room, people.approver, third, confirm(room, people.analyst, third, reason=ATTACK), reason=ATTACK
    )
    list_address(room, people.analyst, people.approver)
    return Cases(shown.id, claimed.id, second.id, third.id, approved.entry_id)


def browser(room: Room, name: str, locale: str = "kk") -> Client:
    """A browser signed in by the page, whose forms carry the login's token."""
    client = Client(room.app)
    client.get(f"/sign-in?lang={locale}")
    answer = client.post("/sign-in", data={"name": name, "password": PASSWORD, "locale": locale})
    assert answer.status_code == 303, answer.text
    return client


def token_of(html: str) -> str:
    """The CSRF token in a page's forms."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', html)
    assert found is not None
    return found.group(1)
