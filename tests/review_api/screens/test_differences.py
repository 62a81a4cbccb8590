import time

from hypothesis import given
from hypothesis import strategies as st

from review_api.differences import Change, Run, compare, has_changes


def test_a_changed_word() -> None:
    assert compare("от 4000$ в месяц", "от 3000$ в месяц") == [
        Run(Change.KEPT, "от "),
        Run(Change.REMOVED, "4000"),
        Run(Change.ADDED, "3000"),
        Run(Change.KEPT, "$ в месяц"),
    ]


def test_the_same_text_has_no_changes() -> None:
    assert not has_changes(compare("бір мәтін", "бір мәтін"))
    assert compare("", "") == []


@given(st.text(max_size=200), st.text(max_size=200))
def test_both_texts_can_be_put_together_again(before: str, after: str) -> None:
    runs = compare(before, after)
    assert "".join(run.text for run in runs if run.change is not Change.ADDED) == before
    assert "".join(run.text for run in runs if run.change is not Change.REMOVED) == after


def test_a_text_made_to_be_slow_is_not() -> None:
    before, after = "а б " * 50_000, "б а " * 50_000
    started = time.monotonic()
    compare(before, after)
    compare("а б " * 450, "б а " * 450)
    assert time.monotonic() - started < 5
