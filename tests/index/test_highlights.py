from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from index.highlights import SNIPPET_LENGTH, MarkedText, highlight
from index.queries import SearchQuery, prepare
from index.terms import pack_spans, tokenise_for_search, unpack_spans


def marked(text: str, contacts: tuple[tuple[int, int], ...] = ()) -> MarkedText:
    tokens = tokenise_for_search(text)
    return MarkedText(text, tokens.terms, tokens.spans, contacts)


@given(st.text(max_size=900), st.text(max_size=60), st.integers(1, 400))
def test_segments_are_a_window_of_the_text_whatever_it_holds(text: str, question: str, length: int) -> None:
    if any("\ud800" <= c <= "\udfff" for c in question):
        return
    segments = highlight(marked(text), prepare(SearchQuery(question)), length=length)
    window = "".join(segment.text for segment in segments)
    assert len(window) <= length
    assert len(window) == min(length, len(text)) or len(text) > length
    for segment in segments:
        assert segment.text
        assert text[segment.start : segment.start + len(segment.text)] == segment.text
    for before, after in pairwise(segments):
        assert before.start + len(before.text) == after.start
        assert (before.is_match, before.is_contact) != (after.is_match, after.is_contact)


def test_the_window_begins_at_a_word_and_holds_most_matches() -> None:
    text = "почка " + "слово " * 100 + "почка сестры и почка брата" + " слово" * 100
    segments = highlight(marked(text), prepare(SearchQuery("почка")))
    assert sum(segment.is_match for segment in segments) == 2
    assert text[segments[0].start - 1] == " "
    assert sum(len(segment.text) for segment in segments) == SNIPPET_LENGTH


def test_a_phrase_is_marked_as_one_piece_and_its_single_words_are_not() -> None:
    text = "без опыта можно. С опытом тоже, но без! Без опыта"
    segments = highlight(marked(text), prepare(SearchQuery('"без опыта"')))
    assert [segment.text for segment in segments if segment.is_match] == ["без опыта", "Без опыта"]


def test_a_contact_that_matches_is_both() -> None:
    segments = highlight(marked("тел 87011234567", ((4, 15),)), prepare(SearchQuery("87011234567")))
    assert [(s.text, s.is_match, s.is_contact) for s in segments] == [
        ("тел ", False, False),
        ("87011234567", True, True),
    ]


@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 10**6))))
def test_spans_survive_packing(spans: list[tuple[int, int]]) -> None:
    assert unpack_spans(pack_spans(tuple(spans))) == spans
