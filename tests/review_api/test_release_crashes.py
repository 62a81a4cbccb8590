"""A release killed between any two of its steps publishes the old list or the new one, never half of one."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from models.audit import AuditLog
from models.blobs import write_durably
from review_api.blocklist import names, releases, verification
from review_api.blocklist.releases import NothingNew
from tests.review_api.acts import list_address
from tests.review_api.conftest import People, Room, make_room


class Killed(BaseException):
    """Stands for kill -9: nothing that cleans up after errors sees it."""


def kill_after(n_calls: int, function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, but the process dies instead of its n-th call."""
    left = [n_calls]

    def run(*args: Any, **values: Any) -> Any:
        if left[0] == 0:
            raise Killed
        left[0] -= 1
        return function(*args, **values)

    return run


# Which function the process dies in, and how many calls of it went well before.
STEPS = [
    *(("write_durably", releases, n) for n in range(5)),
    ("fsync_folder", releases, 0),
    ("fsync_folder", releases, 1),
    ("note", None, 0),
    ("publish_part", releases, 0),
    ("fsync_folder", verification, 0),
    ("save_head", releases, 0),
]


@pytest.mark.parametrize(("name", "module", "n"), STEPS)
def test_killed_at_a_step(
    room: Room,
    people: People,
    audit_log: AuditLog,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    module: Any,
    n: int,
) -> None:
    list_address(room, people.analyst, people.approver)
    room.services.releases.make_release(people.officer.actor, now=room.clock())
    list_address(room, people.analyst, people.approver)
    with monkeypatch.context() as patch:
        if module is None:
            patch.setattr(room.services.releases, "_note", kill_after(n, room.services.releases._note))
        else:
            patch.setattr(module, name, kill_after(n, getattr(module, name)))
        with pytest.raises(Killed):
            room.services.releases.make_release(people.officer.actor, now=room.clock())
    again = make_room(room.settings, room.db, audit_log, room.clock())
    service = again.services.releases
    with again.db.read() as session:
        numbers = [release.number for release in service.list_releases(session)]
        assert service.verify_releases(session) == ()
    published = sorted(path.name for path in room.settings.releases_dir.iterdir() if path.name[0] != ".")
    assert published == [names.folder_name(number) for number in sorted(numbers)]
    if numbers == [2, 1]:
        with pytest.raises(NothingNew):
            service.make_release(people.officer.actor, now=room.clock())
    else:
        assert numbers == [1]
        assert service.make_release(people.officer.actor, now=room.clock()).number == 2
    with again.db.read() as session:
        assert service.verify_releases(session) == ()
        assert list(again.audit.verify(session)) == []
    content = (room.settings.releases_dir / "000002" / names.file_name(2, "json")).read_bytes()
    assert len(json.loads(content)["entries"]) == 2


def test_a_full_disk_makes_nothing(
    sqlite_room: Room, sqlite_people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    list_address(sqlite_room, sqlite_people.analyst, sqlite_people.approver)
    left = [2]

    def full(*args: Any) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise OSError(28, "No space left on device")
        write_durably(*args)

    monkeypatch.setattr(releases, "write_durably", full)
    with pytest.raises(OSError, match="No space"):
        sqlite_room.services.releases.make_release(sqlite_people.officer.actor, now=sqlite_room.clock())
    with sqlite_room.db.read() as session:
        assert sqlite_room.services.releases.list_releases(session) == ()
    monkeypatch.setattr(releases, "write_durably", write_durably)
    made = sqlite_room.services.releases.make_release(sqlite_people.officer.actor, now=sqlite_room.clock())
    assert made.number == 1
