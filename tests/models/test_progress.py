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


def test_an_estimated_total_says_so_and_how_long_it_will_take(capsys: pytest.CaptureFixture[str]) -> None:
    with Progress("import") as progress:
        progress.advance(10, share=0.25)
    line = capsys.readouterr().err
    assert line.startswith("import: 10 of about 40 (25%), ")
    assert line.endswith(" left\n")
    with Progress("import") as progress:
        progress.advance(10, share=1.0)
    assert " left" not in capsys.readouterr().err
