"""The lexicon files: whole, readable, and each cue finds its own indicator."""

import gzip
import json
import re
import shutil
from collections import Counter
from pathlib import Path

import pytest

from classifiers.indicators import FoundSigns, SignFinder
from classifiers.lexicon import FOLDER, BadCue, BadLexicon, load_lexicon, read_lexicon
from classifiers.lexicon.grammar import parse_cue
from classifiers.lexicon.matcher import Matcher
from classifiers.lexicon.phrase_tables import phrase_tables
from classifiers.risk import classify
from classifiers.text import normalise
from models.enums import Language, TextPlace

GROUP_SIZES = {"R": 19, "S": 6, "L": 5, "N": 5, "O": 3, "B": 2, "U": 3, "D": 1, "X": 1}
SHOWN = ("kk", "ru", "en")


def test_all_signs_of_the_specification_are_there() -> None:
    lexicon = load_lexicon()
    assert Counter(code[0] for code in lexicon.indicators) == GROUP_SIZES
    assert list(lexicon.counter_signs) == [f"C{n:02}" for n in range(1, 15)]


def test_every_sign_is_named_and_defined_in_three_languages() -> None:
    lexicon = load_lexicon()
    for sign in (*lexicon.indicators.values(), *lexicon.counter_signs.values()):
        assert [bool(sign.names[lang]) and bool(sign.definitions[lang]) for lang in SHOWN] == [True] * 3, (
            sign.code
        )
        assert len(set(sign.names.values())) == 3, sign.code


def test_weights_lie_where_the_rules_expect_them() -> None:
    for indicator in load_lexicon().indicators.values():
        assert 0 <= indicator.weight <= 10
        assert indicator.weight > 0 or indicator.weight_if
        assert all(0 < w.weight <= 10 for w in indicator.weight_if)


def _example(text: str) -> str | None:
    """Spell out one wording of a cue: the first of each choice; None if it names a concept or a range."""
    if re.search(r"[@<*]|(?:^| )!", text):
        return None
    text = re.sub(r" [+&] ", " ", text).replace("..", " ").replace("=", "")
    while "(" in text:
        text = re.sub(r"\(([^()|]*)(?:\|[^()]*)?\)\??", r"\1", text)
    words = [word.split("|")[0].removesuffix("?") for word in text.split()]
    return " ".join(words)


def test_each_cue_finds_its_own_indicator() -> None:
    lexicon = load_lexicon()
    finder = SignFinder(lexicon)
    silent = []
    for sign in lexicon.indicators.values():
        for cue in sign.cues:
            example = _example(cue.text)
            if example is None:
                continue
            found = finder.find(normalise(example), TextPlace.TEXT, Language.UNKNOWN)
            if sign.code not in {hit.code for hit in found.indicators}:
                silent.append((sign.code, cue.text, example))
    assert silent == []


@pytest.mark.parametrize(
    ("cue", "fault"),
    [
        ("@nobody", "unknown word group"),
        ("от <ancient> лет", "unknown number range"),
        ("!паспорт", "only says what must be absent"),
        ("(паспорт", "parentheses"),
        ("№", "no word"),
    ],
)
def test_a_cue_that_cannot_be_read_is_refused(cue: str, fault: str) -> None:
    with pytest.raises(BadCue, match=fault):
        parse_cue(cue, "ru", {})


@pytest.mark.parametrize(
    ("file", "old", "new", "fault"),
    [
        ("indicators/organs.yaml", "code: O02", "code: O01", "O01 stands twice"),
        ("indicators/organs.yaml", "purposes: [organ_removal]", "purposes: [organs]", "unknown purpose"),
        ("counter_signs.yaml", "lowers: [N05]", "lowers: [N77]", "unknown codes: N77"),
        ("rules.yaml", "needs: [B02]", "needs: [B03]", "unknown codes: B03"),
        ("indicators/organs.yaml", "  side: demand", "  side: buyer", "side"),
    ],
)
def test_a_wrong_file_is_refused_and_says_why(
    tmp_path: Path, file: str, old: str, new: str, fault: str
) -> None:
    folder = tmp_path / "lexicon"
    shutil.copytree(FOLDER, folder, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    path = folder / file
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")
    with pytest.raises(BadLexicon, match=fault):
        read_lexicon(folder)


def test_a_new_cue_never_loses_what_was_found(tmp_path: Path) -> None:
    folder = tmp_path / "lexicon"
    shutil.copytree(FOLDER, folder, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    path = folder / "indicators" / "organs.yaml"
    before = "  cues:\n    ru:\n"
    path.write_text(path.read_text("utf-8").replace(before, before + '      - "почку .. группа"\n'), "utf-8")
    text = normalise("Продам почку, вторая группа. Стану донором за деньги, +7 701 000 00 00")
    old = SignFinder(load_lexicon()).find(text, TextPlace.TEXT, Language.UNKNOWN)
    new = SignFinder(read_lexicon(folder)).find(text, TextPlace.TEXT, Language.UNKNOWN)
    assert {h.code for h in old.indicators} <= {h.code for h in new.indicators}

    def covered(found: FoundSigns) -> set[int]:
        return {i for h in found.indicators if h.code == "O01" for i in range(h.start, h.end)}

    assert covered(old) <= covered(new)


@pytest.mark.parametrize(
    ("cue", "language", "text", "is_found"),
    [
        ("паспорт забирать", "ru", "паспорта забираем сразу", True),
        ("паспорт .. забирать", "ru", "паспорт на время забираем", True),
        ("паспорт забирать", "ru", "паспорт на время забираем", False),
        ("=безопасно", "ru", "безопасность", False),
        ("от <teen> лет", "ru", "от 16 лет", True),
        ("от <teen> лет", "ru", "от 18 лет", False),
        ("проститу*", "ru", "проституция", True),
        ("бүйрек сату", "kk", "buyrek satam", True),
        ("қыздар керек", "kk", "кыздар керек", True),
        ("chaqaloq sotaman", "uz", "чақалоқ сотаман", True),
    ],
)
def test_the_cue_language(cue: str, language: str, text: str, is_found: bool) -> None:
    matcher = Matcher(phrase_tables(parse_cue(cue, language, {}).parts[0]))
    assert bool(matcher.find(normalise(text).words).phrases) is is_found


@pytest.mark.parametrize("name", ["spassk_jobs", "hh_kz_snippets", "hh_kz_full", "hh_snippets"])
def test_ordinary_vacancies_are_left_alone(shared_dir: Path, name: str) -> None:
    """No set is flagged above 0.5 %, and an indicator that shows more often says why («frequent»)."""
    lexicon = load_lexicon()
    n_ads, n_flagged, codes = 0, 0, Counter[str]()
    with gzip.open(shared_dir / "data" / f"{name}.jsonl.gz") as lines:
        for line in lines:
            ad = json.loads(line)
            result = classify(ad["text"], ad.get("title"))
            n_ads += 1
            n_flagged += result.flagged
            codes.update({hit.code for hit in result.indicators if hit.counted})
    assert n_flagged / n_ads <= 0.005
    unexplained = {c for c, n in codes.items() if n / n_ads > 0.005 and not lexicon.indicators[c].frequent}
    assert unexplained == set()
