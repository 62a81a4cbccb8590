"""Words of the concepts: none is cut to another's («Ұлсан» is no boy); numbers as people type them."""

from collections import defaultdict
from collections.abc import Iterator

import pytest
import yaml

from classifiers.indicators import find_indicators
from classifiers.lexicon import FOLDER, load_lexicon
from classifiers.lexicon.grammar import cue_keys
from classifiers.risk import classify
from classifiers.text import normalise, read_word
from classifiers.text.stems import fold_kazakh, turkic_stems
from models.enums import Language, TextPlace

# So many letters at most of a stem whose word has at least as many more.
_SHORT = 3
# Cut rightly: «энең» is "your mother".
_OF_ONE_ROOT = {"жуунгана", "энеңди"}


def _single_words(language: str) -> Iterator[tuple[str, str]]:
    """Return the concepts of a language with those of their entries that are one plain word."""
    concepts = yaml.safe_load((FOLDER / "concepts" / f"{language}.yaml").read_text("utf-8"))
    for concept, entries in concepts.items():
        for entry in map(str, entries):
            if entry.isalpha() and read_word(entry.lower()).script == "c":
                yield concept, entry.lower()


@pytest.mark.parametrize("language", ["kk", "ky"])
def test_no_word_of_a_concept_is_cut_to_a_short_root_of_another(language: str) -> None:
    words = list(_single_words(language))
    assert len(words) > 1_000
    owners: defaultdict[str, set[str]] = defaultdict(set)
    for concept, word in words:
        owners[fold_kazakh(word)].add(concept)
    cut = []
    for concept, word in words:
        folded = fold_kazakh(word)
        for key in cue_keys(word, language):
            stem = key[2:]
            is_short = key.startswith("k:") and len(stem) <= _SHORT <= len(folded) - len(stem)
            if is_short and owners[stem] and concept not in owners[stem] and word not in _OF_ONE_ROOT:
                cut.append(f"{concept}: {word} -> {stem} ({', '.join(sorted(owners[stem]))})")
    assert not cut


@pytest.mark.parametrize(
    ("word", "root"),
    [("Ұлсан", "ұл"), ("Қызылорда", "қыз"), ("қызғанады", "қыз"), ("мәлімдеді", "мал"), ("Жетісу", "жеті")],
)
def test_a_name_is_not_read_as_a_short_word_it_begins_with(word: str, root: str) -> None:
    assert fold_kazakh(root) not in turkic_stems(fold_kazakh(word.lower()))


@pytest.mark.parametrize("text", ["Жұмысқа ұл-қыз керек", "14-17 жас, ұл-қыз, жұмыс бар, айлығы жоғары"])
def test_boys_and_girls_are_no_places_abroad(text: str) -> None:
    assert "R14" not in {hit.code for hit in classify(text).indicators}


@pytest.mark.parametrize(
    "pay", ["3000$", "3 000$", "3,000 $", "3.000 usd", "$3'500", "12 000 долларов", "до 45 000 $"]
)
def test_pay_in_groups_of_digits_is_read_as_pay_in_one(pay: str) -> None:
    names = list(load_lexicon().concepts.definitions)
    normalised = normalise(f"девушкам за границу, {pay}")
    found = find_indicators(normalised, TextPlace.TEXT, load_lexicon(), Language.RU)
    assert "high_pay" in {names[concept] for _, _, concept in found.concepts}
