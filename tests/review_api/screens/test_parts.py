"""Small pure parts of the screens."""

import pytest
from selectolax.lexbor import LexborHTMLParser

from review_api.ads.questions import BadQuestion, Questions
from review_api.ads.schemas import SearchForm
from review_api.charts import FULL_WIDTH, Count, draw_bars
from review_api.choices import list_href, narrow
from review_api.i18n import load_words
from review_api.rendering import asset
from review_api.signs import load_signs, sign_definition, sign_name
from review_api.tasks.schemas import FacetValue
from tests.review_api.acts import add_task
from tests.review_api.conftest import People, Room
from tests.review_api.screens.conftest import browser

TEXT = "  Екі бос орын, \n\n<табуляция>\tмен  қос бос орын: паспорт остаётся у администратора.\nСоңы  "


def test_the_ad_stands_on_the_page_letter_by_letter(sqlite_room: Room, sqlite_people: People) -> None:
    task = add_task(sqlite_room, text=TEXT, contacts=())
    tree = LexborHTMLParser(browser(sqlite_room, "analyst").get(f"/cases/{task.id}").text)
    for number in tree.css(".mark-number"):
        number.decompose()
    shown = tree.css_first(".ad-text")
    assert shown is not None
    assert shown.text() == TEXT
    marked = [mark.text() for mark in shown.css("mark")]
    assert marked == ["паспорт остаётся у администратора"]


def test_bars_share_one_scale_and_nothing_above_zero_is_lost() -> None:
    bars = draw_bars([Count("a", 10_000), Count("b", 5_000), Count("c", 1), Count("d", 0)])
    assert [bar.width for bar in bars] == [FULL_WIDTH, FULL_WIDTH // 2, 6, 0]
    assert draw_bars([]) == ()


def test_a_choice_keeps_the_others_and_can_be_taken_back() -> None:
    words = load_words("en")
    counts = {"level": [FacetValue("low", 9), FacetValue("urgent", 1)], "side": [FacetValue("offer", 3)]}
    found = narrow(words, counts, {"level": "low"}, lambda values: list_href("/queue", values))
    level, side = found.groups
    assert [(c.label, c.n, c.href, c.is_chosen) for c in level.choices] == [
        ("urgent", 1, "/queue?level=urgent", False),
        ("low", 9, "/queue", True),
    ]
    assert [c.href for c in side.choices] == ["/queue?level=low&side=offer"]
    assert found.clear_href == "/queue"


def test_a_chosen_value_that_leaves_nothing_can_still_be_taken_back() -> None:
    found = narrow(
        load_words("en"), {"region": []}, {"region": "Ақтау"}, lambda values: list_href("/queue", values)
    )
    assert [(c.label, c.n, c.href) for c in found.groups[0].choices] == [("Ақтау", 0, "/queue")]


def test_a_question_is_sealed_and_opened() -> None:
    questions = Questions(b"q" * 32)
    form = SearchForm(text="паспорт 87015550167")
    sealed = questions.seal(form)
    assert "8701" not in sealed
    assert sealed != questions.seal(form)
    assert questions.open(sealed) == form


@pytest.mark.parametrize("sealed", ["", "x", "пп", "gAAAAA=="])
def test_a_question_of_another_installation_is_refused(sealed: str) -> None:
    with pytest.raises(BadQuestion):
        Questions(b"q" * 32).open(sealed)
    with pytest.raises(BadQuestion):
        Questions(b"q" * 32).open(Questions(b"r" * 32).seal(SearchForm(text="a")))


def test_every_sign_has_a_name_and_a_meaning_in_every_language() -> None:
    assert len(load_signs()) > 50
    for locale in ("kk", "ru", "en"):
        words = load_words(locale)
        for code in load_signs():
            assert sign_name(words, code) not in ("", code)
            assert sign_definition(words, code)


def test_a_sign_that_the_lexicon_dropped_shows_its_code() -> None:
    assert sign_name(load_words("kk"), "Z99") == "Z99"
    assert sign_definition(load_words("kk"), "Z99") == ""


def test_a_static_file_has_an_address_of_its_content() -> None:
    assert asset("saqshy.css").startswith("/static/saqshy.css?v=")
    assert asset("saqshy.css") == asset("saqshy.css")
