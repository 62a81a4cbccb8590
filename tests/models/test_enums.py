import pytest

from models.enums import TRANSITIONS, Level, TaskState, check_transition
from models.errors import ForbiddenTransition


def test_every_state_has_its_row() -> None:
    for kind, table in TRANSITIONS.items():
        assert set(table) == set(kind)


def test_a_decided_task_never_opens_again() -> None:
    for after in TaskState:
        with pytest.raises(ForbiddenTransition):
            check_transition(TaskState.APPROVED, after)


def test_an_allowed_step_is_returned() -> None:
    assert check_transition(TaskState.OPEN, TaskState.CLAIMED) is TaskState.CLAIMED


def test_levels_stand_in_order_of_severity() -> None:
    assert [level.value for level in Level] == ["none", "low", "medium", "high", "urgent"]
