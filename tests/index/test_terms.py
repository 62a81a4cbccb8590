import pytest

from classifiers.contacts import find_contacts
from classifiers.text import normalise
from index.terms import MAX_TERM_LENGTH, contact_key, tokenise_for_search, word_of
from models.enums import TextPlace


@pytest.mark.parametrize(
    ("written", "question"),
    [
        ("тел. 8 701 123-45-67", "+77011234567"),
        ("тел. 87011234567", "8 (701) 123 45 67"),
        ("тел. 701 123 45 67", "+7 701 1234567"),
        ("wa.me/77011234567", "87011234567"),
        ("пишите @Work_KZ", "t.me/work_kz"),
        ("пишите https://t.me/work_kz", "@work_kz"),
        ("почта Agent@Mail.RU", "agent@mail.ru"),
        ("https://www.instagram.com/girls.kz/", "instagram.com/girls.kz"),
        ("+90 532 123 45 67", "+905321234567"),
    ],
)
def test_what_extraction_finds_and_what_people_ask_share_a_key(written: str, question: str) -> None:
    (found,) = find_contacts(normalise(written), TextPlace.TEXT)
    assert contact_key(found.value) == contact_key(question)


def test_terms_words_and_places_stand_beside_each_other() -> None:
    text = "Қыздарға ЖҰМЫС, п р о д а м"
    tokens = tokenise_for_search(text)
    assert tokens.terms == ("кыз", "жумыс", "продать")
    assert tokens.words == ("қыздарға", "жұмыс", "продам")
    assert [text[start:end] for start, end in tokens.spans] == ["Қыздарға", "ЖҰМЫС", "п р о д а м"]


def test_no_term_holds_a_blank_or_is_too_long() -> None:
    tokens = tokenise_for_search("я" * 1000 + " a\u2003b п\u00a0р\u00a0о\u00a0д\u00a0а\u00a0м \u200bx\u200b")
    for term in (*tokens.terms, *tokens.words):
        assert term
        assert not any(character.isspace() for character in term)
        assert len(term) <= MAX_TERM_LENGTH


def test_a_word_as_written_is_only_folded() -> None:
    assert word_of("ПОЧКУ") == word_of("почку") != word_of("почки")
    assert word_of("e\u0301") == word_of("é")


@pytest.mark.parametrize(
    "forms",
    [
        "малшы малшыға малшылар малшылары малшының",
        "аспазшы аспазшыға аспазшылар аспазшымын аспазшысы",
        "күзетші күзетшіге күзетшілерді",
        "тазалаушы тазалаушыға тазалаушылардың",
    ],
)
def test_a_person_is_found_in_every_form_of_the_word(forms: str) -> None:
    assert len(set(tokenise_for_search(forms).terms)) == 1
