from hypothesis import given
from hypothesis import strategies as st

from review_api.marks import Segment, Span, cut, excerpt, show_hidden


def span(start: int, end: int, number: int = 1, **values: bool) -> Span:
    return Span(start, end, number, "R01", "sign", **values)


def test_plain_text_is_one_segment() -> None:
    assert cut("мәтін", []) == [Segment("мәтін")]


def test_empty_text_has_no_segment() -> None:
    assert cut("", [span(0, 1)]) == []


def test_overlapping_hits_are_cut_at_every_edge() -> None:
    segments = cut("abcdefgh", [span(0, 5, 1), span(3, 8, 2)])
    assert [(s.text, [x.number for x in s.spans], [x.number for x in s.numbers]) for s in segments] == [
        ("abc", [1], []),
        ("de", [1, 2], [1]),
        ("fgh", [2], [2]),
    ]
    assert [s.look for s in segments] == ["sign", "more", "sign"]


def test_a_hit_inside_another_and_two_on_the_same_place() -> None:
    segments = cut("abcdef", [span(0, 6, 1), span(2, 4, 2), span(2, 4, 3)])
    assert [s.text for s in segments] == ["ab", "cd", "ef"]
    assert [x.number for x in segments[1].numbers] == [2, 3]


def test_offsets_count_code_points_beyond_the_bmp() -> None:
    text = "👶🏽 қызым"
    assert cut(text, [span(3, 8)])[-1].text == "қызым"


def test_a_span_outside_the_text_is_left_out() -> None:
    assert cut("abc", [span(2, 9), span(-1, 2), span(1, 1)]) == [Segment("abc")]


def test_looks_of_counter_signs_and_hits_that_do_not_count() -> None:
    segments = cut("abcdef", [span(0, 2, 1, is_counter_sign=True), span(2, 4, 2, is_counted=False)])
    assert [s.look for s in segments[:2]] == ["counter", "idle"]


@given(st.text(max_size=60), st.lists(st.tuples(st.integers(-5, 70), st.integers(-5, 70)), max_size=8))
def test_segments_joined_are_the_text_and_each_number_stands_once(
    text: str, places: list[tuple[int, int]]
) -> None:
    spans = [span(start, end, number) for number, (start, end) in enumerate(places)]
    segments = cut(text, spans)
    assert "".join(segment.text for segment in segments) == text
    shown = sorted(x.number for segment in segments for x in segment.numbers)
    assert shown == [s.number for s in spans if 0 <= s.start < s.end <= len(text)]
    for segment in segments:
        assert "".join(piece.text for piece in segment.pieces) == segment.text


def test_invisible_characters_are_named() -> None:
    pieces = list(show_hidden("по\u200bчка\u202e!\x00"))
    assert [(p.text, p.hidden_name) for p in pieces] == [
        ("по", None),
        ("\u200b", "U+200B"),
        ("чка", None),
        ("\u202e", "U+202E"),
        ("!", None),
        ("\x00", "U+0000"),
    ]


def test_line_breaks_and_emoji_sequences_stay_whole() -> None:
    assert [p.hidden_name for p in show_hidden("a\r\nb\tc 👩‍👧")] == [None]


def test_a_joiner_between_letters_is_a_disguise() -> None:
    assert [p.hidden_name for p in show_hidden("поч\u200dка")] == [None, "U+200D", None]


def test_excerpt_begins_near_the_first_counted_sign() -> None:
    text = "слово " * 50 + "паспорт забираем" + " конец" * 50
    start = text.index("паспорт")
    shown = excerpt(text, [span(start, start + 16)], room=60)
    joined = "".join(segment.text for segment in shown)
    assert "паспорт забираем" in joined
    assert joined.startswith("… ")
    assert joined.endswith(" …")
    assert len(joined) <= 64
