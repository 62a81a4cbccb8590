"""Near-duplicates."""

import numpy as np

from classifiers.similarity import (
    band_rows,
    bands,
    estimated_jaccard,
    is_near_duplicate,
    jaccard,
    shingles,
    signature,
)

LONG = (
    "Приглашаем на работу в тепличное хозяйство, проживание в общежитии, питание три раза в день, "
    "оплата каждую неделю, нужны мужчины и женщины без вредных привычек, звоните до восьми вечера"
)
COPY = LONG.replace("звоните до восьми вечера", "пишите после девяти утра").replace("Приглашаем", "Зовём")


def test_a_copy_with_other_contacts_is_the_same_ad() -> None:
    assert is_near_duplicate(shingles(LONG), shingles(LONG + " +7 701 123 45 67"), shares_contact=False)
    assert is_near_duplicate(shingles(LONG), shingles(COPY), shares_contact=True)


def test_a_disguised_copy_is_the_same_ad() -> None:
    assert jaccard(shingles(LONG), shingles(LONG.replace("о", "o"))) == 1


def test_short_texts_must_be_nearly_identical() -> None:
    one, other = shingles("Сдам комнату девушке, центр"), shingles("Сдам комнату парню, центр")
    assert not is_near_duplicate(one, other, shares_contact=False)
    assert is_near_duplicate(one, one, shares_contact=False)


def test_the_signature_estimates_the_resemblance() -> None:
    one, other = shingles(LONG), shingles(COPY)
    assert abs(estimated_jaccard(signature(one), signature(other)) - jaccard(one, other)) < 0.15
    assert signature(one).shape == (128,)


def test_copies_share_a_band_and_strangers_do_not() -> None:
    keys, copied = set(band_rows(shingles(LONG))), set(band_rows(shingles(COPY)))
    strange = "Продам диван, угловой, состояние хорошее, самовывоз из центра, торг уместен, цена договорная"
    assert keys & copied
    assert not keys & set(band_rows(shingles(strange)))


def test_the_signature_is_the_same_in_every_process() -> None:
    # Stored bands must still be found after a restart and on another machine.
    assert signature(frozenset({1, 2, 3}))[:3].tolist() == signature(frozenset({3, 2, 1}))[:3].tolist()
    assert bands(signature(frozenset({1, 2, 3})))[0] == "e9f30ec738441c0c"


def test_a_text_without_words_has_no_duplicates() -> None:
    assert jaccard(shingles("123 456"), shingles("123 456")) == 0
    assert np.all(signature(frozenset()) == signature(frozenset()))
