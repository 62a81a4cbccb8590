"""The context of a hit, by rules over classes of words, in five languages."""

import subprocess
import sys

import pytest
import yaml

from classifiers.context_rules import RULES, Contexts, sentence_contexts
from classifiers.risk import classify
from classifiers.text import normalise
from tests.conftest import ARTIFACTS


def _contexts(text: str) -> set[str]:
    return set(Contexts(normalise(text)).of_word(0))


@pytest.mark.parametrize(
    ("text", "context"),
    [
        ("Полиция задержала пару, продававшую младенца", "news"),
        ("Баласын сатқан әйел ұсталды, полиция тергеп жатыр", "news"),
        ("Chaqaloq sotgan ayol qo'lga olindi, jinoiy ish ochildi", "news"),
        ("Кызды саткан аял кармалды, кылмыш иши козголду", "news"),
        ("Police arrested a man who sold girls", "news"),
        ("Осторожно, мошенники зовут в Корею и забирают паспорта", "warning"),
        ("Абайлаңыз, алаяқтар шетелге жұмыс ұсынады", "warning"),
        ("Ehtiyot bo'ling, firibgarlar ish taklif qiladi", "warning"),
        ("Не верьте, если вам обещают тысячу долларов в день", "warning"),
        ("Beware of scammers who offer jobs abroad", "warning"),
        ("Вчера посмотрели фильм о девушках, которых вывезли", "story"),
        ("Құлдықта болған қыз туралы кітап оқыдым, роман туралы айтайын", "story"),
        ("Это агентство развод?", "question"),
        ("Бұл жұмыс заңды ма, кім барған, рас па?", "question"),
        ("Is this agency legit?", "question"),
        ("Ищу работу с проживанием", "job_seeker"),
        ("Жұмыс іздеймін жататын жермен", "job_seeker"),
        ("Ish qidiryapman, yotoqxona bilan", "job_seeker"),
        ("Иш издейм, жатаканасы менен", "job_seeker"),
        ("Looking for a job with housing", "job_seeker"),
        ("В прошлом году нам не заплатили", "complaint"),
        ("Былтыр ақшамды бермеді", "complaint"),
        ("Отдам щенка, девочка, 2 месяца", "animal"),
        ("Күшік сатылады", "animal"),
        ("Mushuk bolalari bor", "animal"),
        ("Продам куклу", "thing"),
        ("Бүйректен қуырдақ жасаймыз", "food"),
    ],
)
def test_a_sentence_has_its_context(text: str, context: str) -> None:
    assert context in _contexts(text)


@pytest.mark.parametrize(
    "text",
    [
        "Продам почку, дорого",
        "Отдам ребёнка в хорошие руки",
        "Қыздар керек, Түркияға, билет бізден",
        "Продам почку, это законно?",
        "Ищем девушек для съёмок фильма о любви",
        "Помогите, меня держат, паспорт забрали в прошлом месяце",
        "Отдам малыша вместе с котёнком, мама не справляется, новорождённый",
        "Предлагаю работу, кто ищет работу, паспорт оставите у нас",
    ],
)
def test_a_lure_has_none(text: str) -> None:
    assert _contexts(text) == set()


def test_a_hit_says_why_it_does_not_count() -> None:
    result = classify("Посмотрел сериал: героиню продали, забрали паспорт, а брат её выкупил.")
    assert {hit.reason for hit in result.indicators} == {"story"}
    assert not result.flagged
    assert "story" not in {hit.reason for hit in classify("Паспорт забираем при заезде.").indicators}


def test_the_context_ends_with_its_sentence() -> None:
    contexts = Contexts(normalise("Ищу работу. Продам почку срочно."))
    assert "job_seeker" in contexts.of_word(0)
    assert contexts.of_word(3) == frozenset()


def test_every_rule_names_known_classes() -> None:
    rules = yaml.safe_load(RULES.read_text("utf-8"))
    for context in rules["contexts"].values():
        named = {piece for pattern in context["patterns"] for piece in pattern.split()} - {"..", "&"}
        assert named | set(context.get("unless", ())) <= set(rules["classes"])


def test_an_ad_without_a_hit_never_loads_spacy() -> None:
    code = (
        "import sys; from pathlib import Path; from classifiers.lexicon import load_lexicon; "
        "from classifiers.risk import classify; load_lexicon(Path(sys.argv[1])); "
        "classify('Требуется бухгалтер в офис, полный день'); print('spacy' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(ARTIFACTS)], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"


def test_a_long_sentence_is_read() -> None:
    assert sentence_contexts(["слово"] * 5_000) == frozenset()
