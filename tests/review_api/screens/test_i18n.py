import re
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from string import Formatter

import pytest
import yaml

from classifiers.counterfactual import ChangeKind
from classifiers.lexicon import FOLDER
from classifiers.lexicon.rules import read_rules
from models.audit import AuditAction
from models.enums import (
    AdState,
    Agency,
    AlarmKind,
    BlindReason,
    CandidateState,
    ContactKind,
    EntryState,
    EvidenceKind,
    GoneReason,
    HandInState,
    HandInVia,
    Language,
    Level,
    PictureProblem,
    PictureState,
    Purpose,
    Role,
    RunKind,
    RunState,
    Scope,
    Side,
    SourceKind,
    TaskState,
    Verdict,
)
from review_api import choices, frame, problems, rendering
from review_api.evidence.schemas import EvidenceState
from review_api.i18n import LOCALES, choose_locale, load_words, read_catalogue
from review_api.sources.schemas import Health

ROOM = Path(rendering.__file__).parent
ON_SCREEN: tuple[type[StrEnum], ...] = (
    EvidenceState,
    AdState,
    Agency,
    BlindReason,
    CandidateState,
    ContactKind,
    EntryState,
    EvidenceKind,
    GoneReason,
    HandInState,
    HandInVia,
    Health,
    Language,
    Level,
    PictureProblem,
    PictureState,
    Purpose,
    Role,
    RunKind,
    RunState,
    Scope,
    Side,
    SourceKind,
    TaskState,
    Verdict,
)


def sentences(locale: str) -> dict[str, tuple[str, ...]]:
    """Texts of a catalogue by key; several where a number chooses."""
    return {
        key: message.string if isinstance(message.string, tuple) else (message.string,)
        for message in read_catalogue(locale)
        if (key := message.id[0] if isinstance(message.id, tuple) else message.id)
    }


def used_keys() -> set[str]:
    """Keys that templates and views name in full."""
    call = re.compile(r"""\b(?:t|tn|\w+\.text|\w+\.counted)\(\s*["']([a-z0-9_]+\.[a-z0-9_.]+)["']""")
    return {key for text in room_texts() for key in call.findall(text)}


def room_texts() -> list[str]:
    """All templates and modules of the review room."""
    return [file.read_text(encoding="utf-8") for ending in ("*.html", "*.py") for file in ROOM.rglob(ending)]


def test_catalogues_hold_the_same_keys() -> None:
    first = set(sentences("kk"))
    for locale in LOCALES:
        assert set(sentences(locale)) == first


@pytest.mark.parametrize("locale", LOCALES)
def test_every_sentence_is_written(locale: str) -> None:
    assert [key for key, texts in sentences(locale).items() if not all(text.strip() for text in texts)] == []


@pytest.mark.parametrize("locale", LOCALES)
def test_no_sentence_shouts(locale: str) -> None:
    assert [key for key, texts in sentences(locale).items() if any("!" in text for text in texts)] == []


def test_sentences_name_the_same_values_in_every_language() -> None:
    def names(texts: tuple[str, ...]) -> set[str]:
        return {name for text in texts for _, name, _, _ in Formatter().parse(text) if name}

    by_locale = {locale: sentences(locale) for locale in LOCALES}
    different = [
        key
        for key in by_locale["kk"]
        if len({frozenset(names(by_locale[locale][key])) for locale in LOCALES}) > 1
    ]
    assert different == []


def test_every_key_that_is_used_is_there() -> None:
    assert used_keys() - set(sentences("kk")) == set()
    assert len(used_keys()) > 200


def test_no_sentence_is_left_that_nobody_uses() -> None:
    prefixes = {f"{kind.__name__.lower()}." for kind in ON_SCREEN} | {
        "nav.",
        "alarm.",
        "crawl_error.",
        "extracted.",
        "hand_in.",
        "facet.",
        "made.",
        "rule.",
        "not_counted.",
        "change.",
        "listing.",
        "problem.",
        "subject.",
        "fact.",
        "said.",
        "source.",
        "unread_reason.",
        "action.",
        "error.",
        "note.",
    }
    named = {name for text in room_texts() for name in re.findall(r"""["']([a-z_]+\.[a-z_.]+)["']""", text)}
    unused = set(sentences("kk")) - named
    assert {key for key in unused if not key.startswith(tuple(prefixes))} == set()


def test_closed_vocabularies_have_words() -> None:
    known = set(sentences("kk"))
    assert {
        f"{kind.__name__.lower()}.{member.value}" for kind in ON_SCREEN for member in kind
    } - known == set()
    assert {f"action.{action.value}" for action in AuditAction} - known == set()
    assert {f"made.{verdict.value}" for verdict in Verdict} - known == set()
    assert {f"alarm.{kind.value}" for kind in AlarmKind} - known == set()
    assert {f"nav.{place.name}" for place in frame.PLACES} - known == set()
    assert {f"error.{status}" for status in problems.PLAIN_STATUSES} - known == set()
    assert {f"error.{status}_means" for status in problems.PLAIN_STATUSES} - known == set()
    assert {f"facet.{name}" for name in choices._MEMBERS} - known == set()


def test_rules_of_the_classifier_have_words() -> None:
    rules = read_rules(yaml.safe_load((FOLDER / "rules.yaml").read_text(encoding="utf-8")))
    names = {rule.name for rule in (*rules.flag_rules, *rules.urgent_rules)}
    names |= {"live_victim", "statistical"}
    assert {f"rule.{name}" for name in names} - set(sentences("kk")) == set()


def test_changes_of_the_outcome_have_words() -> None:
    assert {f"change.{kind.value}" for kind in ChangeKind} - set(sentences("kk")) == set()


def test_every_expected_error_has_its_own_sentence() -> None:
    source = [file for file in ROOM.rglob("*.py") if file.name != "commands.py"]  # those speak to a terminal
    names = {
        name
        for file in source
        for name in re.findall(
            r"^class (\w+)\((?:Rejected|Retryable)\)", file.read_text(encoding="utf-8"), re.M
        )
    }
    # Said by the status alone: nothing more specific would help the reader.
    plain = {
        "NotSignedIn",
        "Forbidden",
        "BodyTooLarge",
        "BadRequest",
        "HttpProblem",
        "BadCredentials",
        "TooManyTries",
    }
    assert {f"problem.{name}" for name in names - plain} - set(sentences("kk")) - {
        "problem.NotCanonical"
    } == set()


@pytest.mark.parametrize(
    ("locale", "n", "shown"),
    [
        ("ru", 1, "1 задача"),
        ("ru", 3, "3 задачи"),
        ("ru", 5, "5 задач,"),
        ("ru", 11, "11 задач,"),
        ("ru", 21, "21 задача"),
        ("ru", 104, "104 задачи"),
        ("kk", 1, "1 тапсырма,"),
        ("kk", 21, "21 тапсырма,"),
        ("en", 1, "1 task,"),
        ("en", 2, "2 tasks,"),
    ],
)
def test_plural_forms(locale: str, n: int, shown: str) -> None:
    assert load_words(locale).counted("queue.n", n).startswith(shown)


def test_numbers_are_grouped_as_the_language_does() -> None:
    assert load_words("en").number(12345) == "12,345"
    assert load_words("ru").number(12345).replace("\xa0", " ") == "12 345"
    assert load_words("kk").score(0.934) == "0,93"


def test_a_score_is_shown_as_one_only_when_it_is() -> None:
    assert load_words("en").score(0.999) == "0.99"
    assert load_words("en").score(1.0) == "1.00"


def test_times_are_in_kazakhstan_time_and_name_it() -> None:
    at = datetime(2026, 11, 21, 19, 30, tzinfo=UTC)
    assert load_words("kk").at(at) == "2026 ж. 22 қараша, 00:30 (UTC+5)"
    assert load_words("ru").at(at) == "22 ноября 2026, 00:30 (UTC+5)"
    assert load_words("en").at(at) == "22 November 2026, 00:30 (UTC+5)"
    assert load_words("kk").at_short(at) == "22.11.2026 00:30"


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0, "0 мин"), (3540, "59 мин"), (3600, "1 ч"), (172_800, "2 дня"), (-5, "0 мин")]
)
def test_spans_in_their_largest_unit(seconds: float, shown: str) -> None:
    assert load_words("ru").span(seconds) == shown


def test_an_unknown_language_is_kazakh() -> None:
    assert choose_locale("de") == choose_locale(None) == "kk"
    assert load_words("zz").locale == "kk"


@pytest.mark.parametrize("locale", LOCALES)
def test_words_fixed_for_the_whole_project(locale: str) -> None:
    fixed = {
        "kk": ("мәжбүрлі еңбек", "шұғыл", "Растау", "Қабылдамау", "Өзіме алу"),
        "ru": ("принудительный труд", "срочный", "Подтвердить", "Отклонить", "Взять"),
        "en": ("forced labour", "urgent", "Confirm", "Reject", "Claim"),
    }[locale]
    words = load_words(locale)
    keys = ("purpose.forced_labour", "level.urgent", "verdict.confirm", "verdict.reject", "queue.claim")
    assert tuple(words.text(key) for key in keys) == fixed
