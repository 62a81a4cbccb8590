"""What would have changed the outcome: pure, with the statistical part as a function."""

from collections.abc import Callable

import pytest

from classifiers.artifacts import Installed
from classifiers.counterfactual import Change, ChangeKind, FoundInAd, StatisticalPart, find_changes
from classifiers.explaining import explain_result
from classifiers.indicators import ORDINARY, Hit
from classifiers.lexicon import Lexicon, load_lexicon
from models.enums import TextPlace

Probability = Callable[[frozenset[str], frozenset[str]], float]
THRESHOLD = 0.8
AGREES = 0.79
"""Too little to flag alone, enough to agree with a rule that flags."""


@pytest.fixture(scope="module")
def lexicon() -> Lexicon:
    return load_lexicon()


def hit(code: str, *, counted: bool = True, reason: str | None = None) -> Hit:
    weight = load_lexicon().indicators[code].weight if counted else 0.0
    return Hit(code, TextPlace.TEXT, 0, 5, "слова", weight, counted, reason)


def found(*hits: Hit, counters: frozenset[str] = frozenset(), is_live_victim: bool = False) -> FoundInAd:
    return FoundInAd(hits, counters, is_live_victim)


def part(probability: Probability | float, *without_words: float) -> StatisticalPart:
    value = probability
    ask = value if callable(value) else (lambda _without, _added: value)
    return StatisticalPart(THRESHOLD, ask, without_words)


def test_the_only_sign_is_the_one_too_many(lexicon: Lexicon) -> None:
    changes = find_changes(found(hit("O01")), part(AGREES), lexicon)
    assert changes[0] == Change(ChangeKind.WITHOUT, ("O01",))


def test_two_signs_that_each_suffice_are_named_together(lexicon: Lexicon) -> None:
    changes = find_changes(found(hit("O01"), hit("N01")), part(AGREES), lexicon)
    assert changes[0].kind is ChangeKind.WITHOUT
    assert set(changes[0].codes) == {"O01", "N01"}


def test_a_flag_of_the_statistical_part_alone_ends_with_its_words(lexicon: Lexicon) -> None:
    changes = find_changes(found(), part(0.9, 0.85, 0.81, 0.4), lexicon)
    assert changes[0] == Change(ChangeKind.UNSAID_WORDS, n_words=3)


def test_a_mild_counter_sign_is_nearer_than_a_strong_one(lexicon: Lexicon) -> None:
    def calmed(_without: frozenset[str], added: frozenset[str]) -> float:
        return 0.1 if added & lexicon.counter_signs.keys() else 0.9

    changes = find_changes(found(), part(calmed), lexicon)
    assert [change.kind for change in changes] == [ChangeKind.COUNTER_SIGN] * 3
    factors = [lexicon.counter_signs[change.codes[0]].factor for change in changes]
    assert factors == sorted(factors, reverse=True)


def test_a_cry_for_help_stands_alone(lexicon: Lexicon) -> None:
    assert find_changes(found(is_live_victim=True), part(0.2), lexicon) == (Change(ChangeKind.NO_CRY),)
    assert find_changes(found(is_live_victim=True), part(0.95), lexicon) == ()


def test_what_is_denied_in_an_honest_ad_is_named_first(lexicon: Lexicon) -> None:
    denied = hit("R04", counted=False, reason="negated")
    changes = find_changes(found(denied), part(AGREES), lexicon)
    assert changes[0] == Change(ChangeKind.IF_COUNTED, ("R04",))


def test_an_ordinary_word_is_no_missing_sign(lexicon: Lexicon) -> None:
    changes = find_changes(found(hit("O01", counted=False, reason=ORDINARY)), part(AGREES), lexicon)
    assert Change(ChangeKind.IF_COUNTED, ("O01",)) not in changes


def test_the_lightest_sign_that_suffices_is_the_nearest_missing_one(lexicon: Lexicon) -> None:
    changes = find_changes(found(), part(AGREES), lexicon)
    weights = [lexicon.indicators[change.codes[0]].weight for change in changes]
    assert [change.kind for change in changes] == [ChangeKind.WITH] * 3
    assert weights == sorted(weights)
    # One sign of 8 flags by itself; a person under 18 who is sought flags with 5 where the rest agrees.
    assert changes[0].codes == ("R10",)
    assert weights[1] >= 8


def test_nothing_small_changes_what_is_far_away(lexicon: Lexicon) -> None:
    assert find_changes(found(), part(0.01), lexicon) == ()


def test_every_change_of_a_real_ad_is_small_and_true(installed: Installed) -> None:
    text = "Продам почку, 4 группа крови, здоров, не пью. Срочно нужны деньги, рассмотрю любые варианты."
    result = installed.classify(text)
    explanation = explain_result(installed, result, text)
    assert result.flagged
    assert explanation.threshold == installed.scorer.artifact.threshold
    assert [text[word.start : word.end] for word in explanation.words] == [w.quote for w in explanation.words]
    assert all(len(change.codes) <= 2 for change in explanation.changes)
    stored = explanation.as_json()["changes"]
    assert [item["kind"] for item in stored] == [change.kind.value for change in explanation.changes]


@pytest.mark.parametrize("text", ["", " ", "\u200b" * 50, "🙂", "я", "\ud800", "а" * 25_000])
def test_any_text_has_an_explanation(installed: Installed, text: str) -> None:
    explanation = explain_result(installed, installed.classify(text), text)
    assert 0.0 <= explanation.probability <= 1.0
