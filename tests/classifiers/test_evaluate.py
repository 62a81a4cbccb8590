"""The figures against numbers worked out by hand."""

from typing import Any

import pytest

from classifiers.artifacts import Installed
from classifiers.dataset import LabelledText
from classifiers.evaluate import (
    NOT_FLAGGED,
    Judged,
    calibration,
    confusion,
    first_purpose_right,
    indicator_precision,
    look_alike_group,
    purpose_figures,
    rates,
    rates_by,
    recall_at,
    set_figures,
    share,
    side_right,
    worst_false_alarms,
    worst_misses,
)
from classifiers.indicators import Hit
from classifiers.judging import judge
from classifiers.risk import ClassifiedText, ModelWord
from models.enums import Language, Level, Purpose, Side, TextPlace

ORGAN, LABOUR, TRADE = Purpose.ORGAN_REMOVAL, Purpose.FORCED_LABOUR, Purpose.PERSON_TRADE


def label(name: str, *, flag: bool, **more: Any) -> LabelledText:
    values: dict[str, Any] = {"title": None, "purposes": frozenset(), "side": None, "language": "ru"} | more
    return LabelledText(id=name, text=f"text {name}", is_flagged=flag, **values)


def answer(*, flag: bool, codes: str = "", **more: Any) -> ClassifiedText:
    hits = tuple(Hit(code, TextPlace.TEXT, 0, 1, "t") for code in codes.split())
    values: dict[str, Any] = {"priority": 0.5, "purposes": {}, "side": Side.OFFER} | more
    return ClassifiedText(language=Language.RU, flagged=flag, level=Level.NONE, indicators=hits, **values)


JUDGED = [
    Judged(
        label("a", flag=True, purposes=frozenset({ORGAN}), side=Side.OFFER),
        answer(flag=True, codes="O01 R01 R01", purposes={ORGAN: 0.9, TRADE: 0.6}, priority=0.9),
        0.95,
    ),
    Judged(
        label("b", flag=True, purposes=frozenset({LABOUR, TRADE}), side=Side.DEMAND, language="kk"),
        answer(flag=True, codes="R01", purposes={ORGAN: 0.7, LABOUR: 0.2}, side=Side.OFFER),
        0.85,
    ),
    Judged(label("c", flag=True, purposes=frozenset({LABOUR}), side=Side.OFFER), answer(flag=False), 0.05),
    Judged(
        label("d", flag=False, scenario="nanny_live_in"),
        answer(flag=True, codes="R01", purposes={LABOUR: 0.8}, priority=0.8),
        0.75,
        (ModelWord(TextPlace.TEXT, 0, 4, "text", 1.0),),
    ),
    Judged(label("e", flag=False, scenario="ngo-nanny-warning", language="kk"), answer(flag=False), 0.15),
]


@pytest.mark.parametrize(
    ("k", "n", "low", "high"),
    [
        # R: binom::binom.confint(k, n, methods = "wilson")
        (8, 10, 0.4902, 0.9433),
        (0, 20, 0.0, 0.1611),
        (20, 20, 0.8389, 1.0),
        (50, 100, 0.4038, 0.5962),
    ],
)
def test_wilsons_interval(k: int, n: int, low: float, high: float) -> None:
    measured = share(k, n)
    assert (measured.value, measured.low, measured.high) == pytest.approx((k / n, low, high), abs=5e-5)


def test_a_share_of_nothing_is_no_number() -> None:
    assert share(0, 0).value is None


def test_rates_count_what_they_say() -> None:
    counted = rates(JUDGED)
    assert (counted.recall.k, counted.recall.n) == (2, 3)
    assert (counted.precision.k, counted.precision.n) == (2, 3)
    assert (counted.false_alarms.k, counted.false_alarms.n) == (1, 2)


def test_rates_by_language() -> None:
    parts = rates_by(JUDGED, lambda text: text.language)
    assert list(parts) == ["kk", "ru"]
    assert (parts["kk"].recall.k, parts["kk"].recall.n, parts["kk"].false_alarms.k) == (1, 1, 0)
    assert (parts["ru"].recall.k, parts["ru"].recall.n, parts["ru"].false_alarms.k) == (1, 2, 1)


def test_purposes() -> None:
    figures = purpose_figures(JUDGED)
    labour = figures["forced_labour"]
    assert (labour.flagged.k, labour.flagged.n) == (1, 2)  # b of b and c
    assert (labour.named.k, labour.named.n) == (0, 1)  # 0.2 in b is less than as likely as not
    assert (labour.right.k, labour.right.n) == (0, 1)  # named in d, which is clear
    # 0.2 for b, which has it; 0.8 for d, which has not; 0 for a, e and c, which alone has it.
    assert labour.calibration_error == pytest.approx((0.8 + 0.8 + 1.0) / 5)
    assert (first_purpose_right(JUDGED).k, first_purpose_right(JUDGED).n) == (1, 2)
    assert (side_right(JUDGED).k, side_right(JUDGED).n) == (1, 2)


def test_confusion_between_purposes() -> None:
    table = confusion(JUDGED)
    assert table["organ_removal"]["organ_removal"] == 1
    assert table["forced_labour"]["organ_removal"] == 1
    assert table["forced_labour"][NOT_FLAGGED] == 1
    assert sum(n for row in table.values() for n in row.values()) == 3


def test_precision_of_an_indicator_counts_texts_not_hits() -> None:
    precision = indicator_precision(JUDGED)
    assert {code: (one.k, one.n) for code, one in precision.items()} == {"O01": (1, 1), "R01": (2, 3)}


def test_calibration_error() -> None:
    # Bin 0: 0.05 and 0.05, one true: |0.1 - 1| = 0.9. Bin 9: 0.9 and 1.0, both true: |1.9 - 2| = 0.1.
    measured = calibration([(0.05, True), (0.05, False), (0.9, True), (1.0, True)])
    assert measured.error == pytest.approx((0.9 + 0.1) / 4)
    assert [(one.low, one.n, one.flagged.k) for one in measured.bins] == [(0.0, 2, 1), (0.9, 2, 2)]
    assert calibration([]).error is None


def test_recall_at_a_share_of_false_alarms() -> None:
    scores = [(0.9, True), (0.8, False), (0.7, True), (0.6, False), (0.5, True), (0.1, False), (0.1, False)]
    assert recall_at(scores, 0.0).k == 1  # above 0.8
    assert recall_at(scores, 0.25).k == 2  # one of four clear texts may be flagged: above 0.6
    assert recall_at(scores, 0.5).k == 3
    assert recall_at([(0.5, True), (0.5, False)], 0.0).k == 0  # a tie is no recall


def test_groups_of_look_alikes() -> None:
    assert look_alike_group(label("x", flag=False, scenario="nanny_live_in")) == "home and care work"
    assert look_alike_group(label("x", flag=False, scenario="ngo-nanny-warning")) == "warnings and help lines"
    assert look_alike_group(label("x", flag=False, scenario="unheard-of")) == "other"
    assert look_alike_group(label("x", flag=False)) == ""


def test_wrong_answers_are_listed_with_reasons_and_quoted_only_if_ours() -> None:
    (miss,) = worst_misses(JUDGED, is_own=True)
    assert (miss.id, miss.quote, miss.labelled) == ("c", "text c", ("forced_labour",))
    (alarm,) = worst_false_alarms(JUDGED, is_own=False)
    assert (alarm.id, alarm.indicators, alarm.named) == ("d", ("R01",), ("forced_labour",))
    assert (alarm.quote, alarm.words, alarm.why, alarm.scenario) == ("", (), "", "")


def test_an_empty_set_has_figures_without_numbers() -> None:
    figures = set_figures("nothing", [], is_own=True)
    assert figures.n_texts == 0
    assert figures.rates.recall.value is None


def test_judging_is_what_classify_answers(installed: Installed) -> None:
    texts = [
        LabelledText(
            "1", "Продам почку, вторая группа, срочно", None, True, frozenset({ORGAN}), Side.OFFER, "ru"
        ),
        LabelledText("2", "Продам диван, самовывоз, Алматы", None, False, frozenset(), None, "ru"),
    ]
    judged = judge(texts, installed.scorer)
    assert [one.result for one in judged] == [installed.classify(text.text) for text in texts]
    assert judged[0].probability > judged[1].probability
    assert judged[0].words
    figures = set_figures("two", judged, is_own=True)
    assert (figures.rates.recall.k, figures.rates.false_alarms.k) == (1, 0)
    assert (figures.indicators["O01"].k, figures.indicators["O01"].n) == (1, 1)
    assert figures.first_purpose.k == 1
