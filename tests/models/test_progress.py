import pytest

from models.progress import Progress


def test_plain_lines_where_there_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with Progress("import", total=4) as progress:
        progress.advance(3)
    assert capsys.readouterr().err.startswith("import: 3 of 4 (75%)")


def test_unknown_total(capsys: pytest.CaptureFixture[str]) -> None:
    with Progress("reindex") as progress:
        progress.advance()
        progress.set_total(2)
        progress.advance()
    assert capsys.readouterr().err.startswith("reindex: 2 of 2 (100%)")
