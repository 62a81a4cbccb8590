"""F9 on screen and in releases: what is damaged or has lost its seal freezes its case and stops its list."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from crawlers.evidence.rechecking import check_evidence_due
from crawlers.evidence.sealing import seal_day, seal_pending
from models.blobs import BlobStore
from models.blocklist import BlocklistEntry
from models.enums import EntryState
from models.evidence import Evidence, EvidenceCheck
from models.review import ReviewTask
from review_api.evidence.service import CaseFrozen
from review_api.i18n import load_words
from tests.crawlers.evidence.test_sealing import rewrite
from tests.factories import FlaggedTask
from tests.review_api.acts import add_task, approve, confirm
from tests.review_api.conftest import People, Room


def _evidence(room: Room, task: FlaggedTask) -> Evidence:
    with room.db.read() as session:
        evidence = session.get_one(ReviewTask, task.id).ad_version.page.evidence
        assert evidence is not None
        return evidence


def _check(room: Room, now: datetime) -> int:
    return check_evidence_due(room.db, BlobStore(room.settings.evidence_dir), now=now).n_done


def _sealed_tasks(room: Room, n: int) -> list[FlaggedTask]:
    """Cases whose files have a batch seal each, and a day seal over all."""
    tasks, now = [], room.clock()
    for number in range(n):
        tasks.append(add_task(room, url=f"http://a.example/{number}"))
        assert seal_pending(room.db, room.audit, now=now, after_seconds=0).n_done == 1
    assert seal_day(room.db, room.audit, now=now, is_early=True).n_done == 1
    return tasks


def _frozen(room: Room, task: FlaggedTask) -> bool:
    page = room.client("analyst").get(f"/cases/{task.id}")
    assert page.status_code == 200
    return load_words("kk").text("evidence.frozen") in page.text


@pytest.mark.parametrize("is_sealed_anew", [False, True])
def test_f9_a_batch_seal_that_is_gone_freezes_what_it_covered_and_nothing_else(
    sqlite_room: Room, sqlite_people: People, is_sealed_anew: bool
) -> None:
    room, now = sqlite_room, sqlite_room.clock()
    tasks = _sealed_tasks(room, 3)
    assert _check(room, now) == 3
    assert _check(room, now) == 0
    assert [_frozen(room, task) for task in tasks] == [False] * 3
    seal_id = _evidence(room, tasks[1]).seal_id
    rewrite(
        room.db,
        f"UPDATE evidence SET seal_id = NULL WHERE seal_id = {seal_id}",
        f"DELETE FROM evidence_seal WHERE id = {seal_id}",
    )
    if is_sealed_anew:
        assert seal_pending(room.db, room.audit, now=now, after_seconds=0).n_done == 1
    assert _check(room, now + timedelta(hours=25)) == 3
    assert [_frozen(room, task) for task in tasks] == [False, True, False]
    with pytest.raises(CaseFrozen, match=tasks[1].case_number):
        confirm(room, sqlite_people.analyst, tasks[1])
    page = room.client("analyst").get(f"/cases/{tasks[1].id}/evidence").text
    assert "the seal that covered it is gone" in page


def test_f9_a_day_seal_that_is_gone_freezes_what_it_covered(sqlite_room: Room, sqlite_people: People) -> None:
    room, now = sqlite_room, sqlite_room.clock()
    before = _sealed_tasks(room, 1)[0]
    covered = _sealed_tasks(room, 2)
    days = "SELECT id FROM evidence_seal WHERE kind = 'day' ORDER BY id DESC LIMIT 1"
    rewrite(
        room.db,
        f"UPDATE evidence_seal SET day_id = NULL WHERE day_id IN ({days})",
        f"DELETE FROM evidence_seal WHERE id IN ({days})",
    )
    assert _check(room, now) == 3
    assert [_frozen(room, task) for task in (before, *covered)] == [False, True, True]
    assert "the seal of the day that covered it is gone" in (
        room.client("analyst").get(f"/cases/{covered[0].id}").text
    )


def _listed(room: Room, people: People, *numbers: int) -> list[FlaggedTask]:
    tasks = [add_task(room, url=f"http://a.example/ad/{number}") for number in numbers]
    for task in tasks:
        approve(room, people.approver, task, confirm(room, people.analyst, task))
    return tasks


def test_f9_damage_of_an_ad_that_is_long_on_the_list_stops_the_list(room: Room, people: People) -> None:
    old, _ = _listed(room, people, 1, 2)
    room.services.releases.make_release(people.officer.actor, now=room.clock())
    _listed(room, people, 3)
    file = BlobStore(room.settings.evidence_dir).path(_evidence(room, old).sha256)
    whole = file.read_bytes()
    file.write_bytes(whole.upper())
    with pytest.raises(CaseFrozen, match=old.case_number):  # nobody looked yet: it looks itself
        room.services.releases.make_release(people.officer.actor, now=room.clock())
    assert _check(room, room.clock()) > 0
    with room.db.read() as session:
        preview = room.services.releases.preview(session, now=room.clock())
    assert [held.entry.case_number for held in preview.held] == [old.case_number]
    assert load_words("kk").text("listing.CaseFrozen") in room.client("officer").get("/releases").text
    file.write_bytes(whole)
    with pytest.raises(CaseFrozen, match=old.case_number):  # what was found last counts
        room.services.releases.make_release(people.officer.actor, now=room.clock())
    room.clock.forward(minutes=11)
    assert _check(room, room.clock()) == 1
    assert room.services.releases.make_release(people.officer.actor, now=room.clock()).n_added == 1


def test_a_lift_leaves_although_the_file_of_another_ad_is_damaged(room: Room, people: People) -> None:
    damaged, lifted = _listed(room, people, 1, 2)
    room.services.releases.make_release(people.officer.actor, now=room.clock())
    file = BlobStore(room.settings.evidence_dir).path(_evidence(room, damaged).sha256)
    file.write_bytes(file.read_bytes().upper())
    assert _check(room, room.clock()) > 0
    with room.db.write() as session:
        entry = session.scalars(select(BlocklistEntry).where(BlocklistEntry.task_id == lifted.id)).one()
        entry.state = EntryState.LIFTED
    release = room.services.releases.make_release(people.officer.actor, now=room.clock())
    assert (release.n_added, release.n_removed) == (0, 1)


def test_a_release_reads_what_was_found_instead_of_every_file(room: Room, people: People) -> None:
    tasks = _listed(room, people, 1, 2)
    room.services.releases.make_release(people.officer.actor, now=room.clock())
    while _check(room, room.clock()):
        continue
    file = BlobStore(room.settings.evidence_dir).path(_evidence(room, tasks[0]).sha256)
    file.rename(file.with_suffix(".away"))
    with room.db.write() as session:
        entry = session.scalars(select(BlocklistEntry).where(BlocklistEntry.task_id == tasks[1].id)).one()
        entry.state = EntryState.LIFTED
    assert room.services.releases.make_release(people.officer.actor, now=room.clock()).n_removed == 1
    assert _check(room, room.clock() + timedelta(hours=25)) >= 1
    with room.db.read() as session:
        damaged = session.scalars(select(EvidenceCheck).where(EvidenceCheck.is_damaged)).all()
    assert ["is missing" in row.problems[0] for row in damaged] == [True]
