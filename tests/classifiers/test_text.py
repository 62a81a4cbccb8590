"""Reading texts: normal form, the way back, words, search terms."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifiers.text import Disguise, normalise, read_word, search_terms, search_tokens, tokenise
from classifiers.text.characters import PLAIN_TABLE, WORD
from classifiers.text.normalise import _normalise_any as normalise_any
from classifiers.text.stems import cyrillic_from_latin_kazakh, fold_kazakh, turkic_stems

# Letters, marks, disguises and rubbish, mixed more wickedly than st.text() does.
HOSTILE = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from(
            "аеикнопрстAaBcdeпочкуқғәөұүңіһ .*/-_|•&<>;0346\u200b\u00ad\ufeff\u202e\u0306\u20e3\n\0"
        ),
        st.sampled_from("👶🍒💵️ᴋᴛρσ①３🅰ﬁİ"),
    )
)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("ЁЖИК", "ежик"),
        ("и\u0306од", "йод"),
        ("поч\u200bку", "почку"),
        ("са\u00adлон", "салон"),
        ("и н т и м", "интим"),
        ("қ ы з д а р", "қыздар"),
        ("б.ү.й.р.е.к с.а.т.а.м", "бүйрек сатам"),
        ("б/е/з о/п/ы/т/а", "без опыта"),
        ("п*а*с*п*о*р*т", "паспорт"),
        ("8️⃣7️⃣", "87"),
        ("３０００", "3000"),
        ("чай &amp; кофе<br>дом", "чай & кофе\nдом"),
        ("категории В С D Е", "категории в с d е"),
        ("a\0b\ud800c", "a b c"),
        ("Python|Java", "python|java"),
        ("ин.тим, по|чка", "интим, почка"),
        ("Яндекс.Метрика и т.е. 09.00", "яндекс.метрика и т.е. 09.00"),
        ("и—н—т—и—м", "интим"),
        ("п : о : ч : к : а", "почка"),
        ("&amp;lt;b&amp;gt;дом&amp;nbsp;", "<b>дом "),
        ("<font color='red'>дом</font><!-- скрыто -->сад", " дом  сад"),
        ("<style>p { }</style>дом", " дом"),
        ("❽ ⓿ 🔟 ➂", "8 0 10 3"),
        ("👍🏻 👩🏽", "👍 👩"),
        ("🅰🄱🅲🇰🇿", "abckz"),
    ],
)
def test_normalise_reads_through_the_disguise(written: str, read: str) -> None:
    assert normalise(written).text == read


@pytest.mark.parametrize(
    ("written", "reading", "disguise"),
    [
        ("дeвyшки", "девушки", Disguise.LOOKALIKE),
        ("шeтeлгe", "шетелге", Disguise.LOOKALIKE),
        ("cотрудник", "сотрудник", Disguise.LOOKALIKE),
        ("τρебуютcя", "требуются", Disguise.FOREIGN),
        ("сотруᴅники", "сотрудники", Disguise.FOREIGN),
        ("интυм", "интим", Disguise.FOREIGN),
        ("сτυдεнт", "студент", Disguise.FOREIGN),
        ("Ηυжнα".lower(), "нужна", Disguise.FOREIGN),
        ("ρα6σтσй", "работой", Disguise.DIGIT),
        ("3арплата", "зарплата", Disguise.DIGIT),
        ("6үйрек", "бүйрек", Disguise.DIGIT),
        ("жұмыыыс", "жұмыс", Disguise.REPEAT),
        ("ooo", "ooo", Disguise.NONE),
        ("60лсаң", "болсаң", Disguise.DIGIT),
        ("б1рдең", "бірдең", Disguise.DIGIT),
        ("h0t3l", "hotel", Disguise.NONE),
        ("q1zl4r", "qizlar", Disguise.NONE),
        ("60тан", "60тан", Disguise.NONE),
        ("1жұлдыз", "1жұлдыз", Disguise.NONE),
        ("top10", "top10", Disguise.NONE),
        ("18лет", "18лет", Disguise.NONE),
        ("3комнатная", "3комнатная", Disguise.NONE),
        ("6адам", "6адам", Disguise.NONE),
        ("1с", "1с", Disguise.NONE),
        ("smmщик", "smmщик", Disguise.NONE),
        ("developer", "developer", Disguise.NONE),
        ("qyzdarǵa", "qyzdarǵa", Disguise.NONE),
        ("o'zbek", "ozbek", Disguise.NONE),
        ("қыздарға", "қыздарға", Disguise.NONE),
        ("əкел", "әкел", Disguise.NONE),
        ("ᎠᎬВᎤШКА".lower(), "девушка", Disguise.FOREIGN),
        ("ᏒᗩбᏫтᗩ".lower(), "работа", Disguise.FOREIGN),
    ],
)
def test_a_word_is_undisguised_by_its_own_script(written: str, reading: str, disguise: Disguise) -> None:
    word = read_word(written)
    assert (word.reading, word.disguise) == (reading, disguise)


@pytest.mark.parametrize(
    "forms",
    [
        "бүйрек бүйрегім бүйрегімді бүйректі",
        "сатамын сатам сатылады сатып сатуға",
        "қыз қыздар қыздарға қыздарды қызы",
        "бала балам баламды баланы балаға балалар",
        "беремін береді береміз берілген",
        "төлқұжат төлқұжатты төлқұжатыңыз",
        "куәлік куәлігім куәлігіңіз",
        "жұмыс жұмысқа жұмысы жұмыстар",
        "айлық айлығы айлыққа",
    ],
)
def test_kazakh_forms_share_a_key_with_and_without_kazakh_letters(forms: str) -> None:
    keys = [set(turkic_stems(fold_kazakh(form))) for form in forms.split()]
    assert set.intersection(*keys)


def test_a_negated_verb_keeps_its_own_key() -> None:
    assert not set(turkic_stems("сатпаимын")) & set(turkic_stems("сатамын"))


@pytest.mark.parametrize(
    ("latin", "cyrillic"), [("qyzdar", "қыздар"), ("buyrek", "бүйрек"), ("Qytaıǵa", "Қытайға")]
)
def test_latin_kazakh_reads_as_folded_cyrillic(latin: str, cyrillic: str) -> None:
    assert cyrillic_from_latin_kazakh(latin.lower()) == fold_kazakh(cyrillic.lower())


@pytest.mark.parametrize(
    ("query", "document"),
    [
        ("девушка", "Требуются девушки"),
        ("паспорт", "без паспортов"),
        ("қыз", "қыздарға жұмыс"),
        ("кыздар", "қыздар"),
        ("шетел", "шетелге"),
        ("job", "jobs"),
        ("почка", "п о ч к у продам"),
    ],
)
def test_a_query_meets_other_forms_in_a_document(query: str, document: str) -> None:
    assert set(search_terms(query)) <= set(search_terms(document))


def test_search_tokens_point_into_the_original() -> None:
    text = "Дом 👶 п*о*ч*к*у, Қыздарға!"
    tokens = search_tokens(text)
    assert [(text[t.start : t.end], t.term) for t in tokens] == [
        ("Дом", "дом"),
        ("п*о*ч*к*у", "почка"),
        ("Қыздарға", "кыз"),
    ]
    assert [t.term for t in tokens] == search_terms(text)


@given(HOSTILE)
@settings(max_examples=300, deadline=None)
def test_any_text_is_read_and_every_word_has_its_place(text: str) -> None:
    normalised = normalise(text)
    assert normalised.starts is None or len(normalised.starts) == len(normalised.text)
    previous_start = 0
    for start, end, _ in tokenise(normalised):
        # One character can read as two words («¼»), which then share its place.
        assert previous_start <= start < end <= len(text)
        previous_start = start
    assert [t.term for t in search_tokens(text)] == search_terms(text)


@given(HOSTILE)
@settings(max_examples=300, deadline=None)
def test_the_quick_way_reads_what_the_long_way_reads(text: str) -> None:
    quick, long = normalise(text), normalise_any(text)
    assert (quick.text, quick.disguised) == (long.text, long.disguised)
    assert quick.words == WORD.findall(long.text)


def test_every_character_of_the_quick_table_reads_as_the_long_way_does() -> None:
    for character in PLAIN_TABLE.rstrip("\ufffe"):
        assert normalise(character).text == normalise_any(character).text, character


def _seconds(text: str) -> float:
    best = 1e9
    for _ in range(3):
        started = time.process_time()
        tokenise(normalise(text))
        best = min(best, time.process_time() - started)
    return best


@pytest.mark.parametrize(
    "piece", ["a ", "а.б.в.г ", "&amp;", "\u200b", "а\u0306", "а*", "<b", "1 2-3", "😀x"]
)
def test_time_grows_with_length_only(piece: str) -> None:
    _seconds(piece * 100)
    small, large = _seconds(piece * 4_000), _seconds(piece * 32_000)
    # Eight times the text; a quadratic step would take sixty-four times as long.
    assert large < 24 * small + 0.05
