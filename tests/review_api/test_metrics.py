"""The metrics answer the token's holder alone, and name alarms, blind spots and sources."""

import re

import pytest
from pydantic import SecretStr

from models.enums import AlarmKind
from models.watch import Alarm
from review_api.app import create_app
from tests.factories import make_source
from tests.review_api.conftest import Client, Room


@pytest.fixture
def client(sqlite_room: Room) -> Client:
    """A client of the same installation with a token set."""
    room = sqlite_room
    settings = room.settings.model_copy(update={"metrics_token": SecretStr("t" * 32)})
    with room.db.write() as session:
        source = make_source(session, "olx_kz")
        source.last_success_at = room.clock()
        facts: dict[str, object] = {"n_slots": 2}
        session.add(Alarm(source_id=source.id, kind=AlarmKind.OVERDUE, facts=facts, began_at=room.clock()))
    return Client(create_app(settings, db=room.db, audit=room.audit, search=room.engine))  # type: ignore[arg-type]


def test_alarms_and_sources_are_figures(client: Client) -> None:
    answer = client.get("/metrics", headers={"Authorization": f"Bearer {'t' * 32}"})
    assert answer.status_code == 200
    assert 'saqshy_alarms{source="olx_kz",kind="overdue"} 1' in answer.text
    lines = [line for line in answer.text.splitlines() if not line.startswith("#")]
    assert [line for line in lines if not re.fullmatch(r'\w+(\{[\w",=]+\})? \d+', line)] == []


def test_without_the_token_there_is_no_such_page(client: Client, sqlite_room: Room) -> None:
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Bearer "}):
        assert client.get("/metrics", headers=headers).status_code == 404
    assert sqlite_room.client().get("/metrics").status_code == 404
