"""How a question is cut and checked; what it finds is in test_contract.py."""

from datetime import UTC, datetime

import pytest

from classifiers.text import search_terms
from index.queries import BadCursor, Facet, Match, Place, SearchQuery, Sort, prepare


def groups(text: str) -> list[set[tuple[str, tuple[str, ...]]]]:
    return [{(match.field, match.terms) for match in group} for group in prepare(SearchQuery(text)).required]


def word(text: str) -> set[tuple[str, tuple[str, ...]]]:
    (term,) = search_terms(text)
    return {("title_terms", (term,)), ("text_terms", (term,))}


def phrase(*words: str) -> set[tuple[str, tuple[str, ...]]]:
    return {("title_words", words), ("text_words", words)}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("   ", []),
        ("почки", [word("почка")]),
        ("почка почки ПОЧКУ", [word("почка")]),
        ("работа в Турции", [word("работа"), word("турция")]),
        ('"Работа в Турции"', [phrase("работа", "в", "турции")]),
        ("«один» и два", [word("два"), phrase("один")]),
        ("“один два”", [phrase("один", "два")]),
        ('один "два', [word("один"), word("два")]),
        ('""', [set()]),
        ("***", [set()]),
    ],
)
def test_texts_become_words_and_phrases(text: str, expected: list[set[tuple[str, tuple[str, ...]]]]) -> None:
    assert groups(text) == expected


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("+7 701 123 45 67", "77011234567"),
        ("8(701)123-45-67", "77011234567"),
        ("87011234567", "77011234567"),
        ("+90 532 123 45 67", "905321234567"),
        ("@Work_KZ", "work_kz"),
        ("Agent@Mail.ru", "agent@mail.ru"),
        ("https://www.t.me/Work_kz/", "work_kz"),
        ("t.me/s/work_kz", "work_kz"),
        ("https://wa.me/77011234567", "77011234567"),
        ("https://www.instagram.com/girls.kz/", "instagram.com/girls.kz"),
    ],
)
def test_contacts_become_their_keys(text: str, key: str) -> None:
    (group,) = groups(text)
    assert ("contacts", (key,)) in group


@pytest.mark.parametrize(
    "text", ["150 000", "2026", "от 200000 до 300000 тенге", "7000", "12345678901234567890"]
)
def test_prices_and_years_are_no_phones(text: str) -> None:
    assert all(field != "contacts" for group in groups(text) for field, _ in group)


def test_only_relevance_counts_points() -> None:
    assert prepare(SearchQuery("работа няня")).bonus == ()
    bonus = prepare(SearchQuery('работа няня "без опыта"', sort=Sort.RELEVANCE)).bonus
    assert set(bonus) == {
        Match("title_terms", ("работа",)),
        Match("title_terms", ("няня",)),
        Match("title_terms", ("работа", "няня")),
        Match("text_terms", ("работа", "няня")),
        Match("title_words", ("без", "опыта")),
    }


def test_a_cursor_comes_back_as_it_was_for_the_same_question_only() -> None:
    query = SearchQuery("почка", filters={Facet.LEVEL: ["high"]}, found_from=datetime(2026, 1, 1, tzinfo=UTC))
    place = Place(3, 2**62 + 1)
    cursor = prepare(query).cursor(place)
    assert cursor.replace("-", "").replace("_", "").isalnum()
    again = SearchQuery(query.text, query.filters, query.found_from, size=100, cursor=cursor)
    assert prepare(again).after == place
    for other in (
        SearchQuery("почки", query.filters, query.found_from, cursor=cursor),
        SearchQuery("почка", {Facet.LEVEL: ["low"]}, query.found_from, cursor=cursor),
        SearchQuery("почка", query.filters, cursor=cursor),
    ):
        with pytest.raises(BadCursor):
            prepare(other)


@pytest.mark.parametrize("place", [Place(-1, 5), Place(1, -5), Place(1, 2**63), Place(10**6, 5)])
def test_places_outside_the_list_are_refused(place: Place) -> None:
    cursor = prepare(SearchQuery("почка")).cursor(place)
    with pytest.raises(BadCursor):
        prepare(SearchQuery("почка", cursor=cursor))
