"""What an ad says of itself, in the reader's language."""

import pytest

from classifiers.artifacts import Installed
from classifiers.explaining import explain_result
from models.enums import TextPlace
from review_api.i18n import load_words
from review_api.said import show_said
from review_api.tasks.detail import read_explanation

TEXT = (
    "Требуются 5 девушек 18-25 лет в Дубай, зп от 1500$ в месяц, г. Шымкент, ТОО «Ромашка», пишите в ватсап"
)


def _said(installed: Installed, locale: str) -> dict[str, tuple[str, str]]:
    stored = explain_result(installed, installed.classify(TEXT), TEXT).as_json()
    shown = read_explanation(stored)
    assert shown is not None
    lines = show_said(load_words(locale), shown.facts, {TextPlace.TEXT: TEXT})
    return {line.name: (line.value, line.quote) for line in lines}


@pytest.mark.parametrize(
    ("locale", "expected"),
    [
        (
            "ru",
            {
                "Оплата": ("от 1\xa0500 USD в месяц", "1500$"),
                "Возраст": ("18–25", "18-25 лет"),
                "Кого ищут": ("женщины", "девушек"),
                "Сколько человек": ("5", "5 девушек"),
                "Страна": ("ОАЭ", "Дубай"),
                "Работодатель": ("ТОО «Ромашка»", "ТОО «Ромашка»"),
            },
        ),
        ("kk", {"Жас": ("18–25", "18-25 лет"), "Қазақстан өңірі": ("Шымкент қаласы", "Шымкент")}),
        ("en", {"Pay": ("from 1,500 USD a month", "1500$"), "Who is sought": ("women", "девушек")}),
    ],
)
def test_facts_are_shown_in_three_languages(
    installed: Installed, locale: str, expected: dict[str, tuple[str, str]]
) -> None:
    said = _said(installed, locale)
    assert {name: said.get(name) for name in expected} == expected


def test_explanations_of_older_classifiers_hold_no_facts() -> None:
    shown = read_explanation({"probability": 0.5, "threshold": 0.7, "changes": []})
    assert shown is not None
    assert shown.facts == ()
