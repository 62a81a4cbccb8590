"""What the statistical part reads: pairs of neighbours, emoji for nouns, columns that part the answers."""

import numpy as np
import pytest
from scipy import sparse

from classifiers.features import pair_pieces, word_pieces
from classifiers.train import TellingRegression


def test_neighbours_are_read_in_their_order() -> None:
    assert pair_pieces(["продам", "почку"]) == pair_pieces(["продаю", "почка"])
    assert pair_pieces(["продам", "почку"]) != pair_pieces(["почку", "продам"])
    assert pair_pieces(["почку"]) == []


def test_a_number_counts_as_its_length() -> None:
    assert pair_pieces(["за", "5000"]) == pair_pieces(["за", "7999"]) != pair_pieces(["за", "50"])


def test_one_spelling_for_all_ways_to_write_kazakh() -> None:
    assert pair_pieces(["қыз", "керек"]) == pair_pieces(["кыз", "керек"]) == pair_pieces(["qyz", "kerek"])


def test_an_emoji_for_a_noun_reads_as_the_noun() -> None:
    assert word_pieces("💰") == word_pieces("деньги")


def test_weights_are_those_of_the_columns_as_given() -> None:
    columns = sparse.csr_matrix([[1.0, 0, 1], [1, 0, 0], [0, 1, 1], [0, 1, 0]] * 5)
    answers = np.array([1, 1, 0, 0] * 5)
    model = TellingRegression(C=1.0, solver="liblinear", dual=True, random_state=0).fit(columns, answers)
    by_hand = columns @ model.coef_[0] + model.intercept_[0]
    assert by_hand == pytest.approx(model.decision_function(columns))
    # The third column says nothing of the answer, so it leads least.
    assert abs(model.coef_[0, 2]) < min(abs(model.coef_[0, 0]), abs(model.coef_[0, 1]))
