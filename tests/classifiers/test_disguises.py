"""Disguised copies are what people write, and the same each time."""

import re

import pytest

from classifiers.disguises import MIXED, TRICKS, disguise
from classifiers.text import normalise, read_word

TEXT = "Требуются девушки от 18 лет, работа за границей, деньги сразу. Звоните +7 701 123 45 67, посылка ждёт"
LETTER_TRICKS = ("look_alike_letters", "small_capitals", "mixed_case", "zero_width")
BETWEEN = {"dots_between": r"\w\.\w\.\w", "asterisks_between": r"\w\*\w\*\w", "slashes_between": r"\w/\w/\w"}


@pytest.mark.parametrize("trick", TRICKS)
def test_every_trick_changes_the_text_the_same_way_each_time(trick: str) -> None:
    assert disguise(TEXT, trick) != TEXT
    assert disguise(TEXT, trick) == disguise(TEXT, trick)


@pytest.mark.parametrize("trick", LETTER_TRICKS)
def test_letter_tricks_are_read_through(trick: str) -> None:
    assert _readings(disguise(TEXT, trick)) == _readings(TEXT)


def _readings(text: str) -> list[str]:
    return [read_word(word).reading for word in normalise(text).words]


@pytest.mark.parametrize("trick", BETWEEN)
def test_letters_stand_apart(trick: str) -> None:
    assert re.search(BETWEEN[trick], disguise(TEXT, trick))


def test_latin_words_get_cyrillic_letters() -> None:
    copy = disguise("kidney people market passport opportunity escape", "look_alike_letters")
    assert re.search("[а-яі]", copy)
    assert copy.translate(str.maketrans("асеорхукі", "aceopxyki")) == (
        "kidney people market passport opportunity escape"
    )


def test_phones_are_spoken_in_the_language_of_the_ad() -> None:
    assert disguise("тел +7 701 123 45 67", "phone_in_words", "kk") == (
        "тел жеті жеті нөл бір бір екі үш төрт бес алты жеті"
    )
    assert "seven zero one" in disguise("call 701 123 45 67", "phone_in_words", "en")


def test_nouns_become_emoji() -> None:
    assert disguise("посылка и деньги", "emoji_for_nouns") == "📦 и 💰"


def test_what_offers_no_hold_stays() -> None:
    assert disguise("да", MIXED) == "да"


def test_an_unknown_trick_is_refused() -> None:
    with pytest.raises(ValueError, match="no such trick"):
        disguise(TEXT, "pig_latin")
