"""What both engines promise; every test runs on the embedded one and on a real Elasticsearch."""

import gzip
import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import pytest

from index.documents import SearchDocument
from index.engine import IndexMissing, Outcome, SearchEngine, SearchPage
from index.queries import COUNTED_FACETS, BadCursor, BadQuery, Facet, QueryTooLong, SearchQuery, Sort
from index.terms import tokenise_for_search
from models.enums import Level, TextPlace
from tests.index.factories import START, make_document


def fill(engine: SearchEngine, *documents: SearchDocument) -> None:
    report = engine.write(documents)
    assert report.count(Outcome.WRITTEN) == len(documents), report
    engine.refresh()


def ids(page: SearchPage) -> list[int]:
    return [hit.ad_id for hit in page.hits]


def find(engine: SearchEngine, text: str = "", **options: object) -> list[int]:
    return sorted(ids(engine.search(SearchQuery(text, **options))))  # type: ignore[arg-type]


def counts(page: SearchPage, facet: Facet) -> dict[str, int]:
    return {item.value: item.count for item in page.facets[facet]}


def all_pages(engine: SearchEngine, query: SearchQuery) -> Iterator[SearchPage]:
    page = engine.search(query)
    yield page
    while page.next_cursor is not None:
        page = engine.search(replace(query, cursor=page.next_cursor))
        yield page


# --- words -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("Продам свою почку срочно", "почки"),
        ("Требуются девушки для работы за границей", "девушкам работа граница"),
        ("Продаю новорождённого ребёнка", "новорожденный ребенок"),
        ("Қыздарға жұмыс бар, тұратын жер беріледі", "қыз"),
        ("Бүйрегімді сатамын", "бүйрек"),
        ("Жұмысқа қыздар керек", "жұмыс қыздарға"),
        ("Қыздарға жұмыс бар", "кыздарга жумыс"),
        ("Жұмыс бар! Работа вахтой, жильё предоставляется", "жұмысқа вахта"),
        ("ТРЕБУЮТСЯ ГРУЗЧИКИ", "грузчик"),
        ("П Р О Д А М почку", "продам"),
        ("Нужны модeли", "модели"),
    ],
)
def test_words_are_found_in_any_form(engine: SearchEngine, text: str, question: str) -> None:
    fill(engine, make_document(1, text), make_document(2, "Сдам гараж недорого"))
    assert find(engine, question) == [1]


def test_all_words_must_be_there_but_title_and_text_count_together(engine: SearchEngine) -> None:
    fill(
        engine,
        make_document(1, "с проживанием", title="Няня"),
        make_document(2, "Няня на час"),
        make_document(3, "Квартира с проживанием"),
    )
    assert find(engine, "няня проживание") == [1]


def test_joining_words_lose_no_ads(engine: SearchEngine) -> None:
    fill(engine, make_document(1, "Работа: Турция"), make_document(2, "Отдых в Турции"))
    assert find(engine, "работа в Турции") == [1]
    assert find(engine, "в") == [2]


def test_a_quoted_phrase_is_exact(engine: SearchEngine) -> None:
    fill(
        engine,
        make_document(1, "Паспорт забираем, работа есть"),
        make_document(2, "Забираем ваш паспорт"),
        make_document(3, "паспорт забираете?"),
        make_document(4, "есть", title="Срочно: паспорт забираем"),
    )
    assert find(engine, '"Паспорт забираем"') == [1, 4]
    assert find(engine, "«паспорт забираем» работа") == [1]
    assert find(engine, '"забираем"') == [1, 2, 4]
    assert find(engine, "паспорт забираем") == [1, 2, 3, 4]


def test_contacts_are_found_exactly_in_any_spelling(engine: SearchEngine) -> None:
    fill(
        engine,
        make_document(1, "Звоните", contacts=["77011234567", "girls_kz"]),
        make_document(2, "Звоните", contacts=["77011234568"]),
        make_document(3, "Тел. 8 (701) 123-45-67 в тексте"),
    )
    assert find(engine, "+7 701 123 45 67") == [1]
    assert find(engine, "8 (701) 123-45-67") == [1, 3]
    assert find(engine, "87011234568 звонить") == [2]
    assert find(engine, "@Girls_KZ") == [1]
    assert find(engine, "https://t.me/girls_kz/") == [1]
    assert find(engine, "770112345") == []


@pytest.mark.parametrize(
    "name", ["hh_kz_full", "kk_latn_news", "kk_sentences_kaznerd", "tg_spam_ru", "ky_news_24kg"]
)
def test_every_real_text_is_found_by_its_own_words(engine: SearchEngine, shared_dir: Path, name: str) -> None:
    with gzip.open(shared_dir / "data" / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
        texts = [json.loads(line)["text"] for line in islice(lines, 60)]
    fill(engine, *(make_document(i, text) for i, text in enumerate(texts, start=1)))
    rng, n_asked = random.Random(3), 0
    lost = []
    for i, text in enumerate(texts, start=1):
        spans = tokenise_for_search(text).spans
        first = rng.randrange(max(1, len(spans) - 3))
        part = text[spans[first][0] : spans[min(first + 3, len(spans) - 1)][1]]
        if any(sign in part for sign in '"«»“”„@') or len(part) > 200:
            continue
        for question in (part, f'"{part}"'):
            n_asked += 1
            page = engine.search(SearchQuery(question, size=100, sort=Sort.NEWEST))
            hit = next((hit for hit in page.hits if hit.ad_id == i), None)
            if hit is None or not any(segment.is_match for segment in hit.snippet):
                lost.append((i, question))
    assert lost == []
    assert n_asked > 50


# --- filters and facets ------------------------------------------------------------

MIXED = [
    make_document(
        1, level=Level.URGENT, purpose=("organ_removal", "person_trade"), side="offer", flag="flagged"
    ),
    make_document(2, level=Level.HIGH, purpose="organ_removal", side="demand", flag="flagged", language="kk"),
    make_document(3, level=Level.LOW, side="offer", flag="clear", source="hh", source_kind="job_board"),
    make_document(4, level=None, flag=None, region="Алматы", ad_state="gone"),
    make_document(5, level=Level.HIGH, indicator=("O01", "P02"), task_state="open", region="Астана, Есиль"),
    make_document(6, level=Level.NONE, cluster="7", region="Алматы"),
]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({Facet.PURPOSE: ["organ_removal"]}, [1, 2]),
        ({Facet.PURPOSE: ["person_trade"], Facet.SIDE: ["offer"]}, [1]),
        ({Facet.SIDE: ["demand", "offer"]}, [1, 2, 3]),
        ({Facet.LEVEL: ["high"]}, [2, 5]),
        ({Facet.LEVEL: ["none"]}, [6]),
        ({Facet.LANGUAGE: ["kk"]}, [2]),
        ({Facet.FLAG: ["flagged"]}, [1, 2]),
        ({Facet.FLAG: ["clear"]}, [3]),
        ({Facet.SOURCE: ["hh"]}, [3]),
        ({Facet.SOURCE_KIND: ["job_board"]}, [3]),
        ({Facet.REGION: ["Алматы"]}, [4, 6]),
        ({Facet.REGION: ["Астана, Есиль"]}, [5]),
        ({Facet.REGION: ["Алм"]}, []),
        ({Facet.INDICATOR: ["P02"]}, [5]),
        ({Facet.TASK_STATE: ["open"]}, [5]),
        ({Facet.AD_STATE: ["gone"]}, [4]),
        ({Facet.CLUSTER: ["7"]}, [6]),
        ({Facet.LEVEL: []}, [1, 2, 3, 4, 5, 6]),
    ],
)
def test_each_filter(engine: SearchEngine, filters: dict[Facet, Sequence[str]], expected: list[int]) -> None:
    fill(engine, *MIXED)
    page = engine.search(SearchQuery(filters=filters))
    assert sorted(ids(page)) == expected
    assert page.total == len(expected)


def test_dates_include_the_first_second_and_leave_out_the_last(engine: SearchEngine) -> None:
    fill(engine, *(make_document(i) for i in range(1, 6)))
    found_from = datetime.fromtimestamp(START + 2, UTC)
    found_before = datetime.fromtimestamp(START + 4, UTC)
    assert find(engine, found_from=found_from, found_before=found_before) == [2, 3]
    assert find(engine, found_from=found_from) == [2, 3, 4, 5]
    assert find(engine, found_before=found_before) == [1, 2, 3]


def test_facets_count_the_whole_result_and_agree_with_the_list(engine: SearchEngine) -> None:
    fill(engine, *MIXED)
    page = engine.search(SearchQuery("продавец", size=2))
    assert (len(page.hits), page.total) == (2, 6)
    assert counts(page, Facet.PURPOSE) == {"organ_removal": 2, "person_trade": 1}
    assert [(c.value, c.count) for c in page.facets[Facet.LEVEL]] == [
        ("high", 2),
        ("low", 1),
        ("none", 1),
        ("urgent", 1),
    ]
    for facet in COUNTED_FACETS:
        for value, count in counts(page, facet).items():
            narrowed = engine.search(SearchQuery("продавец", filters={facet: [value]}))
            assert narrowed.total == len(narrowed.hits) == count
            assert counts(narrowed, facet)[value] == count


def test_facets_follow_the_filters_and_stay_the_same_on_every_page(engine: SearchEngine) -> None:
    fill(engine, *MIXED)
    pages = list(all_pages(engine, SearchQuery(filters={Facet.SIDE: ["offer"]}, size=1)))
    assert [counts(page, Facet.FLAG) for page in pages] == [{"flagged": 1, "clear": 1}] * 2
    assert [page.total for page in pages] == [2, 2]


# --- order and pages ----------------------------------------------------------------


def test_the_most_serious_come_first(engine: SearchEngine) -> None:
    fill(
        engine,
        make_document(1, level=Level.HIGH, priority=0.7),
        make_document(2, level=None, priority=0.0),
        make_document(3, level=Level.URGENT, priority=0.1),
        make_document(4, level=Level.HIGH, priority=0.700001),
        make_document(5, level=Level.NONE, priority=1.0),
        make_document(6, level=Level.HIGH, priority=0.7),
    )
    assert ids(engine.search(SearchQuery(sort=Sort.SEVERITY))) == [3, 4, 6, 1, 5, 2]


def test_the_newest_come_first(engine: SearchEngine) -> None:
    fill(
        engine,
        make_document(1, found_at=START + 5),
        make_document(2, found_at=START),
        make_document(3, found_at=START + 5),
        make_document(4, found_at=START + 9),
    )
    assert ids(engine.search(SearchQuery(sort=Sort.NEWEST))) == [4, 3, 1, 2]


def test_relevance_is_words_in_the_title_and_words_together_then_the_newest(engine: SearchEngine) -> None:
    fill(
        engine,
        make_document(1, "работа есть, няня тоже"),
        make_document(2, "ищем", title="Работа: няня"),
        make_document(3, "няня, ещё одна работа", title="Няня"),
        make_document(4, "хорошая работа няней"),
        make_document(5, "няня ищет, где работа"),
    )
    page = engine.search(SearchQuery("работа няня", sort=Sort.RELEVANCE))
    assert [(hit.ad_id, hit.points) for hit in page.hits] == [(2, 3), (4, 1), (3, 1), (5, 0), (1, 0)]


@pytest.mark.parametrize("sort", list(Sort))
def test_pages_neither_skip_nor_repeat_while_ads_are_written(engine: SearchEngine, sort: Sort) -> None:
    levels = list(Level)
    documents = [
        make_document(
            i,
            "работа на стройке" if i % 3 else "стройка, тяжёлая работа",
            title="Работа" if i % 4 == 0 else "Объявление",
            level=levels[i % 5],
            priority=(i * 37 % 100) / 100,
            found_at=START + i // 7,
        )
        for i in range(1, 120)
    ]
    fill(engine, *documents)
    query = SearchQuery("работа стройка", sort=sort, size=7)
    expected = [i for page in all_pages(engine, query) for i in ids(page)]
    assert sorted(expected) == list(range(1, 120))

    seen: list[int] = []
    for number, page in enumerate(all_pages(engine, query)):
        seen += ids(page)
        # Between any two pages new ads come, others are written again, one that does not match goes away.
        again = [replace(d, version=d.version + number + 1) for d in documents[number::9]]
        new = make_document(
            1000 + number, "работа, стройка", level=levels[number % 5], priority=number % 10 / 10
        )
        fill(engine, *again, new)
    assert [i for i in seen if i < 1000] == expected
    assert len(seen) == len(set(seen))


def test_the_last_page_says_so(engine: SearchEngine) -> None:
    fill(engine, *(make_document(i) for i in range(1, 5)))
    assert [len(p.hits) for p in all_pages(engine, SearchQuery(size=2))] == [2, 2]
    assert engine.search(SearchQuery(size=4)).next_cursor is None


def test_a_cursor_of_another_question_is_refused(engine: SearchEngine) -> None:
    fill(engine, *(make_document(i) for i in range(1, 5)))
    cursor = engine.search(SearchQuery(size=2)).next_cursor
    for query in (
        SearchQuery("продавец", size=2, cursor=cursor),
        SearchQuery(size=2, cursor=cursor, sort=Sort.NEWEST),
        SearchQuery(size=2, cursor="AAAA"),
        SearchQuery(size=2, cursor="["),
        SearchQuery(size=2, cursor=""),
        SearchQuery(size=2, cursor="W10" * 60),
    ):
        with pytest.raises(BadCursor):
            engine.search(query)


# --- highlights -----------------------------------------------------------------------


def test_matches_are_marked_in_the_text_as_written(engine: SearchEngine) -> None:
    text = "Срочно! <b>Продам</b> 😀 ПОЧКУ, тел. 8 701 123 45 67 & «почки» сестры"
    phone = (text.index("8 701"), text.index(" & "))
    fill(
        engine,
        make_document(
            1, text, title="Почка", contacts=["77011234567"], contact_spans={TextPlace.TEXT: (phone,)}
        ),
    )
    hit = engine.search(SearchQuery("почка")).hits[0]
    assert [(s.text, s.is_match) for s in hit.title] == [("Почка", True)]
    assert "".join(s.text for s in hit.snippet) == text
    assert [s.text for s in hit.snippet if s.is_match] == ["ПОЧКУ", "почки"]
    assert [s.text for s in hit.snippet if s.is_contact] == ["8 701 123 45 67"]
    assert all(text[s.start : s.start + len(s.text)] == s.text for s in hit.snippet)


def test_a_long_text_is_cut_to_where_the_matches_are(engine: SearchEngine) -> None:
    text = "Обычные слова. " * 200 + "Здесь забирают паспорт и не платят. " + "Дальше снова обычное. " * 200
    fill(engine, make_document(1, text))
    snippet = engine.search(SearchQuery('паспорт "не платят"')).hits[0].snippet
    assert [s.text for s in snippet if s.is_match] == ["паспорт", "не платят"]
    assert sum(len(s.text) for s in snippet) <= 280
    assert all(text[s.start : s.start + len(s.text)] == s.text for s in snippet)


# --- versions, bad items, deletes --------------------------------------------------------


def test_versions_never_go_back(engine: SearchEngine) -> None:
    fill(engine, make_document(1, "новый текст", version=5))
    report = engine.write([make_document(1, "старый текст", version=4)])
    assert [item.outcome for item in report.items] == [Outcome.STALE]
    engine.refresh()
    assert find(engine, "новый") == [1]
    assert find(engine, "старый") == []
    assert engine.versions_of([1, 2]) == {1: 5}


def test_an_equal_version_is_written_again_and_stays_one_document(engine: SearchEngine) -> None:
    fill(engine, make_document(1, version=5))
    fill(engine, make_document(1, version=5))
    assert engine.count() == 1
    assert find(engine, "продавец") == [1]


def test_a_newer_version_replaces_all_of_the_older(engine: SearchEngine) -> None:
    fill(engine, make_document(1, "почка", version=1, region="Алматы", contacts=["77011234567"]))
    fill(engine, make_document(1, "гараж", version=2))
    assert find(engine, "почка") == []
    assert find(engine, "+77011234567") == []
    assert find(engine, filters={Facet.REGION: ["Алматы"]}) == []
    assert find(engine, "гараж") == [1]


def test_the_newest_of_one_batch_wins(engine: SearchEngine) -> None:
    report = engine.write([make_document(1, "второй", version=2), make_document(1, "первый", version=1)])
    assert [item.outcome for item in report.items] == [Outcome.WRITTEN, Outcome.STALE]
    engine.refresh()
    assert find(engine, "второй") == [1]


@pytest.mark.parametrize(
    "bad",
    [
        make_document(250, "пол-символа \ud83d"),
        make_document(250, region="\udc00"),
        make_document(250, region="я" * 600),
        make_document(2**40),
        make_document(250, version=0),
        make_document(250, priority=float("nan")),
        make_document(250, found_at=-1),
        replace(make_document(250), version="7"),  # type: ignore[arg-type]
    ],
    ids=["surrogate", "facet-surrogate", "long-facet", "id", "version", "nan", "time", "kind"],
)
def test_one_bad_document_of_500_fails_alone(engine: SearchEngine, bad: SearchDocument) -> None:
    documents = [make_document(i) for i in range(1, 501)]
    documents[249] = bad
    report = engine.write(documents)
    assert [item.id for item in report.items] == [d.id for d in documents]
    assert report.count(Outcome.WRITTEN) == 499
    assert [item.id for item in report.of(Outcome.FAILED)] == [bad.id]
    assert report.of(Outcome.FAILED)[0].reason
    engine.refresh()
    assert engine.count() == 499


def test_deletes(engine: SearchEngine) -> None:
    fill(engine, make_document(1, version=3), make_document(2, version=3), make_document(3))
    report = engine.delete({1: 3, 2: 2, 99: 1})
    assert [item.outcome for item in report.items] == [Outcome.WRITTEN, Outcome.STALE, Outcome.WRITTEN]
    engine.refresh()
    assert find(engine) == [2, 3]
    fill(engine, make_document(1, version=3))
    assert find(engine) == [1, 2, 3]


def test_ids_and_versions_come_in_order_of_ids(engine: SearchEngine) -> None:
    fill(engine, *(make_document(i, version=i % 4 + 1) for i in (30, 4, 200, 1)))
    assert list(engine.ids_and_versions()) == [(1, 2), (4, 1), (30, 3), (200, 1)]


# --- life of an index -----------------------------------------------------------------------


def test_an_empty_index_answers(engine: SearchEngine) -> None:
    for query in (SearchQuery(), SearchQuery("почка", sort=Sort.RELEVANCE)):
        page = engine.search(query)
        assert (page.hits, page.total, page.next_cursor) == ((), 0, None)
        assert all(page.facets[facet] == () for facet in COUNTED_FACETS)
    assert engine.count() == 0
    assert list(engine.ids_and_versions()) == []
    assert engine.health().is_ready
    assert engine.find_damage() == ()
    assert engine.write([]).items == ()


def test_creating_twice_keeps_what_is_there(engine: SearchEngine) -> None:
    fill(engine, make_document(1))
    engine.create()
    assert engine.exists()
    assert find(engine) == [1]


def test_a_rebuild_swaps_all_documents_in_one_step(engine: SearchEngine) -> None:
    fill(engine, make_document(1, "старый", version=9), make_document(2, "старый"))

    def new_documents() -> Iterator[SearchDocument]:
        for i in range(2, 1002):
            if i == 700:
                # Half of the new index is written; searches still see the old one, whole.
                assert find(engine, "старый") == [1, 2]
                assert engine.count() == 2
            yield make_document(i, "новый")
        yield make_document(5000, "\ud800")

    report = engine.rebuild(new_documents())
    assert report.n_written == 1000
    assert [item.id for item in report.refused] == [5000]
    assert engine.count() == 1000
    assert find(engine, "старый") == []
    assert engine.search(SearchQuery("новый")).total == 1000
    fill(engine, make_document(1, "старый", version=1))
    assert find(engine, "старый") == [1]


def test_a_rebuild_that_fails_leaves_the_old_index(engine: SearchEngine) -> None:
    fill(engine, make_document(1))

    def broken() -> Iterator[SearchDocument]:
        yield make_document(2)
        raise RuntimeError("the database went away")

    with pytest.raises(RuntimeError):
        engine.rebuild(broken())
    assert find(engine) == [1]
    assert engine.rebuild([make_document(3)]).n_written == 1
    assert find(engine) == [3]


def test_a_rebuild_needs_no_index_before_it(engine: SearchEngine) -> None:
    engine.rebuild([])
    assert engine.count() == 0
    fill(engine, make_document(1))
    assert find(engine) == [1]


# --- hostile questions ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "question",
    [
        "почка OR гараж",
        "почка AND NOT продавец",
        "почк*",
        "поч?а~2",
        "text_terms:почка",
        "почка && (гараж || x)",
        "+почка -продавец",
        "/почк.*/",
        "почка^100 \\",
        "_exists_:text",
        '{"match_all":{}}',
        "почка' OR '1'='1",
        "[почка TO я]",
        "почка <script>alert(1)</script>",
    ],
)
def test_operators_are_plain_text(engine: SearchEngine, question: str) -> None:
    fill(engine, make_document(1, "почка"), make_document(2, "гараж"), make_document(3, question))
    assert 2 not in find(engine, question)
    assert 3 in find(engine, question)


@pytest.mark.parametrize("question", ["*", "***", "\\", "?", "!!! ...", '""', "😀", "\x00\x01"])
def test_signs_alone_name_no_ad(engine: SearchEngine, question: str) -> None:
    fill(engine, make_document(1, "почка"))
    assert find(engine, question) == []


def test_signs_around_words_change_nothing(engine: SearchEngine) -> None:
    fill(engine, make_document(1, "Продам почку"), make_document(2, "Продам гараж"))
    for question in ("*почка*", "почка\\", "((почка", 'почка"', "~почка!", "почка:"):
        assert find(engine, question) == [1], question


@pytest.mark.parametrize("facet", [Facet.REGION, Facet.SOURCE, Facet.LEVEL])
@pytest.mark.parametrize(
    "value", ["*", "olx OR hh", '{"script":"1"}', "\\", "olx*", "ctx._source", "", "a" * 200, "\x00"]
)
def test_filters_are_plain_values(engine: SearchEngine, facet: Facet, value: str) -> None:
    fill(engine, make_document(1))
    assert find(engine, filters={facet: [value]}) == []


@pytest.mark.parametrize(
    ("query", "error"),
    [
        (SearchQuery("а " * 100_000), QueryTooLong),
        (SearchQuery("я" * 10_000_000), QueryTooLong),
        (SearchQuery(" ".join(f"слово{i}" for i in range(80))), QueryTooLong),
        (SearchQuery(size=101), BadQuery),
        (SearchQuery(size=10_000), BadQuery),
        (SearchQuery(size=0), BadQuery),
        (SearchQuery(filters={Facet.REGION: [str(i) for i in range(500)]}), BadQuery),
        (SearchQuery(filters={Facet.REGION: ["я" * 201]}), BadQuery),
        (SearchQuery(found_from=datetime(2026, 1, 1)), BadQuery),  # noqa: DTZ001 the point of it
        (SearchQuery("\ud800"), BadQuery),
        (SearchQuery(filters={Facet.REGION: ["\udfff"]}), BadQuery),
    ],
    ids=[
        "clauses",
        "10MB",
        "words",
        "page",
        "deep",
        "zero",
        "filters",
        "filter",
        "zone",
        "surrogate",
        "filter-surrogate",
    ],
)
def test_limits_are_refused_in_words(engine: SearchEngine, query: SearchQuery, error: type[BadQuery]) -> None:
    with pytest.raises(error) as caught:
        engine.search(query)
    assert 400 <= caught.value.status < 500
    assert len(caught.value.message) < 200


def test_the_longest_allowed_question_works(engine: SearchEngine) -> None:
    words = [f"слово{'абвгдежз'[i % 8]}{'клмнопрс'[i // 8]}" for i in range(64)]
    fill(engine, make_document(1, " ".join(words), title="слово"), make_document(2, " ".join(words[:-1])))
    for sort in Sort:
        assert ids(engine.search(SearchQuery(" ".join(words), sort=sort))) == [1]


@pytest.mark.parametrize(
    "text",
    [
        "e\u0301cole café",
        "👨‍👩‍👧 семья",
        "\u202eабв\u202c",
        "نص عربي",
        "ﬁne print",
        "İstanbul",
        "текст\x00с\x01нулём",
        "𝐁𝐨𝐥𝐝 слова",
        "",
        " \n\t ",
    ],
)
def test_any_unicode_is_stored_and_shown_as_written(engine: SearchEngine, text: str) -> None:
    fill(engine, make_document(1, text, title=text))
    hit = engine.search(SearchQuery()).hits[0]
    assert "".join(s.text for s in hit.snippet) == text
    assert "".join(s.text for s in hit.title) == text


def test_very_long_words_and_texts_do_not_break_a_batch(engine: SearchEngine) -> None:
    fill(engine, make_document(1, "я" * 70_000), make_document(2, "слово " * 60_000), make_document(3))
    assert engine.count() == 3
    assert find(engine, "слово") == [2]
    assert find(engine, "я" * 900) == [1]


def test_before_the_first_index_searches_say_so(engine: SearchEngine, request: pytest.FixtureRequest) -> None:
    other = request.getfixturevalue("without_index")(engine)
    assert not other.exists()
    assert not other.health().is_ready
    for ask in (other.count, lambda: other.search(SearchQuery()), lambda: other.write([make_document(1)])):
        with pytest.raises(IndexMissing):
            ask()
    other.create()
    fill(other, make_document(1))
    assert find(other) == [1]
