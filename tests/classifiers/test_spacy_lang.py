"""Kazakh and Uzbek for spaCy, tried as spaCy tries its own languages."""

import pytest
import spacy
from spacy.language import Language
from spacy.matcher import Matcher

import classifiers.spacy_lang
from classifiers.spacy_lang.kk.examples import sentences as kazakh_sentences
from classifiers.spacy_lang.uz.examples import sentences as uzbek_sentences


@pytest.fixture(scope="module")
def kk() -> Language:
    return spacy.blank("kk")


@pytest.fixture(scope="module")
def uz() -> Language:
    return spacy.blank("uz")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Сәлем, әлем!", "Сәлем|,|әлем|!"),
        ("Үй-жай бар ма?", "Үй-жай|бар|ма|?"),
        ("Нан, сүт, т.б. керек.", "Нан|,|сүт|,|т.б.|керек|."),
        ("«Достық» көш. 5", "«|Достық|»|көш.|5"),
        ("8.00-18.00 аралығында", "8.00|-|18.00|аралығында"),
        ("Алматы обл., Талғар ауд.", "Алматы|обл.|,|Талғар|ауд."),
        ("https://enbek.kz сайты", "https://enbek.kz|сайты"),
        ("қыздар(18-25)керек", "қыздар(18|-|25)керек"),
        ("Keldi.Ketti", "Keldi|.|Ketti"),
    ],
)
def test_kazakh_words(kk: Language, text: str, words: str) -> None:
    assert [token.text for token in kk(text)] == words.split("|")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Salom, dunyo!", "Salom|,|dunyo|!"),
        ("Yo'q, o‘g‘lim keldi.", "Yo'q|,|o‘g‘lim|keldi|."),
        ("Non, sut, v.b. kerak", "Non|,|sut|,|v.b.|kerak"),
        ("kelib-ketish bepul", "kelib-ketish|bepul"),
        ("Тел. ёзинг", "Тел.|ёзинг"),
        ("9-sinf o'quvchisi", "9|-|sinf|o'quvchisi"),
    ],
)
def test_uzbek_words(uz: Language, text: str, words: str) -> None:
    assert [token.text for token in uz(text)] == words.split("|")


@pytest.mark.parametrize(
    "word", ["11", "1,5", "1/2", "+7", "екі", "Жүз", "бесінші", "екінші", "5-ші", "екеу", "toǵyz", "elý"]
)
def test_kazakh_numbers(kk: Language, word: str) -> None:
    assert kk.vocab[word].like_num


@pytest.mark.parametrize("word", ["ikki", "O'n", "o‘n", "to'qqiz", "beshinchi", "5-chi", "икки", "1/3", "юз"])
def test_uzbek_numbers(uz: Language, word: str) -> None:
    assert uz.vocab[word].like_num


@pytest.mark.parametrize("word", ["адам", "бала", "шы", "-", "5-бап", "odam", "inchi"])
def test_words_are_no_numbers(kk: Language, uz: Language, word: str) -> None:
    assert not kk.vocab[word].like_num
    assert not uz.vocab[word].like_num


@pytest.mark.parametrize("word", ["және", "бірақ", "үшін", "сондықтан", "Біз"])
def test_kazakh_stop_words(kk: Language, word: str) -> None:
    assert kk.vocab[word].is_stop or kk.vocab[word.lower()].is_stop


@pytest.mark.parametrize("word", ["uchun", "lekin", "bilan", "учун", "yo'q"])
def test_uzbek_stop_words(uz: Language, word: str) -> None:
    assert uz.vocab[word].is_stop


def test_stop_words_are_clean() -> None:
    for words in (
        classifiers.spacy_lang.Kazakh.Defaults.stop_words,
        classifiers.spacy_lang.Uzbek.Defaults.stop_words,
    ):
        assert len(words) > 150
        assert all(word == word.lower() == word.strip() for word in words)
        assert words.isdisjoint({"қыз", "бала", "жұмыс", "ish", "qiz", "bola"})


def test_examples_are_read_without_loss(kk: Language, uz: Language) -> None:
    for nlp, sentences in ((kk, kazakh_sentences), (uz, uzbek_sentences)):
        for sentence in sentences:
            assert nlp(sentence).text == sentence
            assert nlp(sentence)[-1].is_punct


def test_abbreviations_have_their_norm(kk: Language) -> None:
    assert kk("Алматы обл. мен т.б.")[1].norm_ == "облыс"


def test_a_long_text_is_read(kk: Language) -> None:
    text = "\n".join(kazakh_sentences) * 50
    assert len(kk(text)) > 2_000


def test_matcher_works_on_both(kk: Language) -> None:
    matcher = Matcher(kk.vocab)
    matcher.add("count", [[{"LIKE_NUM": True}, {"LOWER": "адам"}]])
    assert len(matcher(kk("Бізге бес адам керек"))) == 1


def test_loading_from_disk_keeps_the_language(kk: Language, tmp_path: object) -> None:
    kk.to_disk(str(tmp_path))
    assert spacy.load(str(tmp_path)).lang == "kk"
