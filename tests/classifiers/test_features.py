"""What the statistical part reads: pairs of neighbours, emoji for nouns, columns that part the answers."""

import numpy as np
import pytest
from scipy import sparse

from classifiers.features import pair_pieces, word_pieces
from classifiers.train import TellingRegression, _held_out


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


def test_everyday_texts_do_not_say_which_words_tell() -> None:
    ads = [[1.0, 1], [1, 0], [0, 1], [0, 0]] * 3
    answers = np.array([1, 1, 0, 0] * 3 + [0] * 40)
    everyday = np.array([False] * 12 + [True] * 40)
    columns = sparse.csr_matrix(np.array(ads + [[0.0, 0]] * 40))
    aware, unaware = (
        TellingRegression(C=1.0, solver="liblinear", dual=True, random_state=0).fit(columns, answers, rows)
        for rows in (everyday, None)
    )
    # The second column stands in half of the ads of either answer; only beside chat may it lead far.
    assert abs(aware.coef_[0, 1]) < abs(unaware.coef_[0, 1])


def test_everyday_texts_teach_but_are_not_asked() -> None:
    # Columns: a word of flagged ads, a word of honest ones, a word of both ads and chat.
    ads = [[1, 0, 1], [0, 1, 0], [1, 0, 1], [0, 1, 0]]
    chat = [[0, 0, 1]] * 8
    answers = np.array([1, 0, 1, 0] + [0] * 8)
    writers = np.array(["a", "a", "b", "b"] + ["c"] * 8)
    everyday = np.array([False] * 4 + [True] * 8)
    matrix = sparse.csr_matrix(np.array(ads + chat, float))
    alone = _held_out(matrix[:4], answers[:4], writers[:4], everyday[:4])
    beside_chat = _held_out(matrix, answers, writers, everyday)
    assert len(beside_chat) == 4
    # What chat says too speaks less for "flag".
    assert beside_chat[0] < alone[0]
    assert beside_chat[0] > beside_chat[1]
