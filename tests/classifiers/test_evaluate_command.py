"""`saqshy evaluate`: what it reads, measures and writes."""

import gzip
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import manage
from classifiers import artifacts, dataset, experiments, report
from classifiers.artifacts import Installed
from classifiers.dataset import BadText, LabelledText, read_corpus
from classifiers.disguises import TRICKS
from classifiers.evaluate import Judged, SetFigures, set_figures, share
from classifiers.experiments import CurvePoint, LeftOut, learning_curve, leave_languages_out
from classifiers.goals import goals
from classifiers.judging import judge
from classifiers.measuring import Evaluation, Overlap, Plan, Taught, measure_disguises, measure_flag_rate, run
from models.errors import Rejected

ORGAN = "Продам почку, первая группа, срочно, пишите в личку"
SOFA = "Продам диван <b>раскладной</b>, самовывоз из Алматы"
LABELLED = [
    {
        "id": "f1",
        "text": ORGAN,
        "label": "flag",
        "purposes": ["organ_removal"],
        "side": "offer",
        "lang": "ru",
    },
    {"id": "c1", "text": SOFA, "label": "clear", "lang": "ru", "scenario": "sofa-sale"},
    {"text": "Сату үшін диван, Алматы", "label": "clear", "lang": "kk", "side": "none"},
]


def write(path: Path, lines: list[dict[str, Any]]) -> Path:
    data = "\n".join(json.dumps(line, ensure_ascii=False) for line in lines).encode()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


@pytest.fixture
def evaluate(installed: Installed, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run the command with the classifier of the tests, which is fitted already."""
    monkeypatch.setattr(artifacts, "install", lambda *_: installed)
    return lambda *arguments: CliRunner().invoke(manage.app, ["evaluate", *map(str, arguments)])


def test_labelled_and_unlabelled_files(evaluate: Any, tmp_path: Path) -> None:
    labelled = write(tmp_path / "mine.jsonl.gz", LABELLED)
    folder = tmp_path / "real"
    folder.mkdir()
    write(folder / "ads.jsonl", [{"id": "x1", "title": "Почка", "text": ORGAN}, {"text": SOFA}, {"text": ""}])
    (folder / "readme.txt").write_text("not read")
    out = tmp_path / "out"
    result = evaluate(
        labelled,
        "--flag-rate",
        folder,
        "--json",
        out / "e.json",
        "--html",
        out / "e.html",
        "--card",
        out / "e.md",
    )
    assert result.exit_code == 0, result.output
    assert re.search(r"mine\.jsonl\.gz +3 +100 % \(21–100\), 1 of 1 +0 % \(0–66\), 0 of 2", result.output)
    figures = json.loads((out / "e.json").read_text())
    (of_set,) = figures["sets"]
    assert (of_set["rates"]["recall"]["k"], of_set["rates"]["recall"]["n"]) == (1, 1)
    assert set(of_set["by"]["language"]) == {"kk", "ru"}
    assert figures["flag_rates"][0]["flagged"] == {"k": 1, "n": 2, **_interval(1, 2)}
    assert [ad["id"] for ad in figures["flag_rates"][0]["flagged_ads"]] == ["x1"]
    assert figures["goals"] == []
    assert figures["indicator_precision"] is None
    for name in ("e.html", "e.md", "e.json"):
        written = (out / name).read_text("utf-8")
        assert "почку" not in written
        assert "диван" not in written
        assert "<script" not in written


def _interval(k: int, n: int) -> dict[str, float | None]:
    measured = share(k, n)
    return {"value": measured.value, "low": measured.low, "high": measured.high}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b'{"text":"a","label":"maybe"}', "maybe"),
        (b'{"label":"flag"}', "text"),
        (b'{"text":"a","lab', "not JSON"),
        (b'{"text":7,"label":"flag"}', "text"),
    ],
)
def test_a_line_that_cannot_be_used_is_named(
    evaluate: Any, tmp_path: Path, line: bytes, message: str
) -> None:
    file = tmp_path / "bad.jsonl"
    file.write_bytes(b'{"text":"ok","label":"clear"}\n' + line)
    result = evaluate(file)
    assert isinstance(result.exception, BadText)
    assert "line 2" in result.exception.message
    assert message in result.exception.message


def test_a_file_that_is_not_there_is_named(evaluate: Any, tmp_path: Path) -> None:
    for arguments in ([tmp_path / "none.jsonl"], ["--flag-rate", tmp_path / "none.jsonl"]):
        result = evaluate(*arguments)
        assert isinstance(result.exception, Rejected)
        assert "none.jsonl" in result.exception.message


def test_two_files_of_one_name_stay_two_sets(installed: Installed, tmp_path: Path) -> None:
    files = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        files.append(write(tmp_path / name / "set.jsonl", LABELLED))
    assert len(run(Plan(files), installed).sets) == 2


def test_without_files_our_own_parts_are_measured(
    installed: Installed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dataset, "CORPUS", tmp_path)
    for part in ("train", "blind"):
        (tmp_path / part).mkdir()
        write(tmp_path / part / "a.jsonl", LABELLED)
    stages: list[tuple[str, int]] = []

    def start(name: str, n_steps: int) -> Any:
        stages.append((name, n_steps))
        return lambda: None

    evaluation = run(Plan(), installed, start)
    assert evaluation.empty_sets == ("test",)
    assert [one.name for one in evaluation.sets] == ["blind"]
    assert evaluation.disguised_set == "blind"
    assert evaluation.overlaps["blind"].n_texts == 3
    assert stages == [("blind", 3), ("disguised copies", 3 * len(TRICKS))]
    content = json.loads(report.as_json(evaluation))
    assert content["indicator_precision"]["set"] == "blind"
    assert content["indicator_precision"]["indicators"]["O01"]["k"] == 1
    assert content["sets"][0]["misses"] == []


def test_disguised_copies_are_compared_with_the_texts_as_they_stand(installed: Installed) -> None:
    judged = judge(_labelled(), installed.scorer)
    by_trick = {one.trick: one for one in measure_disguises(judged, installed.scorer)}
    spaced = by_trick["mixed_case"]
    assert (spaced.recall_clean.n, spaced.recall.n, spaced.newly_flagged.n) == (1, 1, 2)
    assert by_trick["phone_in_words"].n_changed == 0
    assert by_trick["phone_in_words"].recall.value is None


def _labelled() -> list[LabelledText]:
    clear: dict[str, Any] = {"title": None, "is_flagged": False, "purposes": frozenset(), "side": None}
    return [
        LabelledText("1", ORGAN, None, True, frozenset(), None, "ru"),
        LabelledText("2", SOFA, language="ru", **clear),
        LabelledText("3", "Требуется продавец в магазин, график сменный", language="ru", **clear),
    ]


def test_flag_rate_names_no_text(installed: Installed, tmp_path: Path) -> None:
    file = write(tmp_path / "hh_full.jsonl.gz", [{"id": "1", "text": ORGAN}, {"id": "2", "text": SOFA}])
    rate = measure_flag_rate(file, installed.scorer)
    assert (rate.name, rate.flagged.k, rate.flagged.n) == ("hh_full", 1, 2)
    (goal,) = goals(Evaluation("v", 0.5, Taught.of([]), (), flag_rates=(rate,)))
    assert (goal.at_most, goal.is_met) == (0.003, False)


def test_the_line_of_a_goal_says_met_or_missed() -> None:
    def point(k: int) -> LeftOut:
        return LeftOut("ky", 100, share(1, 10), share(0, 10), share(k, 10))

    evaluation = Evaluation("v", 0.5, Taught.of([]), (), left_out=(point(6), point(5)))
    assert [goal.is_met for goal in goals(evaluation)] == [True, False]
    assert "ky not taught: recall at 8 % false alarms  ≥ 60 %  50 % (24–76), n = 10" in report.summary(
        evaluation
    )


def test_card_and_page_of_everything(installed: Installed) -> None:
    evaluation = Evaluation(
        "full-x",
        0.5,
        Taught.of(read_corpus("train")[:50]),
        (run_set(installed),),
        empty_sets=("test",),
        disguised_set="blind",
        disguised=measure_disguises(judge(_labelled(), installed.scorer), installed.scorer),
        curve=(CurvePoint(10, 1, share(1, 3)), CurvePoint(20, 1, share(2, 3))),
        left_out=(LeftOut("kk", 10, share(1, 2), share(0, 2), share(1, 2)),),
    )
    page, card = report.as_html(evaluation), report.as_card(evaluation)
    assert page == report.as_html(evaluation)
    assert "&lt;b&gt;раскладной&lt;/b&gt;" in page  # a miss of ours, quoted as text
    assert page.count("<svg") == 3
    assert not re.search(r'<script|src=|href="http', page)
    for text in (page, card):
        assert "blind" in text
        assert "holds no text yet" in text
    assert "No true trafficking ad is public" in card
    assert "need a native reader" in card
    assert "| 20 | 1 | 67 % (21–94), 2 of 3 |" in card


def run_set(installed: Installed) -> SetFigures:
    missed = LabelledText("4", SOFA, None, True, frozenset(), None, "ru")
    judged: list[Judged] = judge([*_labelled(), missed], installed.scorer)
    return set_figures("blind", judged, is_own=True)


def test_curve_and_left_out_fit_on_parts(installed: Installed, monkeypatch: pytest.MonkeyPatch) -> None:
    taught: list[list[str]] = []

    def fit(texts: Any) -> Any:
        taught.append([text.language for text in texts])
        return installed.scorer

    monkeypatch.setattr(experiments, "_fit", fit)
    train = list(read_corpus("train"))[::40]
    points = learning_curve(train, _labelled())
    assert sorted({len(part) for part in taught}) == sorted({point.n_texts for point in points})
    assert max(point.n_texts for point in points) == len(train)
    assert {(one.recall.k, one.recall.n) for one in points} == {(1, 1)}
    taught.clear()
    (left,) = leave_languages_out(train, _labelled())
    assert (left.language, left.recall.n, left.false_alarms.n) == ("ru", 1, 2)
    assert "ru" not in taught[0]
    assert "mixed" not in taught[0]


def test_a_set_that_was_taught_is_said_to_be_so() -> None:
    first, second, third = _labelled()
    taught = [replace(first, text=f" {first.text.upper()}\n"), replace(second, text="other", writer="a")]
    overlap = Overlap.of([first, replace(third, writer="a"), second], taught)
    assert overlap == Overlap(n_texts=1, n_of_writers=1)
    evaluation = Evaluation(
        "v", 0.5, Taught.of(taught), (), overlaps={"mine": overlap, "spotless": Overlap(0, 0)}
    )
    for text in (report.summary(evaluation), report.as_card(evaluation), report.as_html(evaluation)):
        assert "1 texts stand in corpus/train too, 1 texts are by writers of corpus/train" in text
        assert "spotless" not in text


def test_the_shipped_card_was_generated() -> None:
    card = Path(manage.__file__).parent / "docs" / "model-card.md"
    assert card.read_text("utf-8").startswith("<!-- Written by `saqshy evaluate --card`")
