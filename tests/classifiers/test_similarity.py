"""Near-duplicates."""

import numpy as np
import pytest

from classifiers.similarity import (
    band_rows,
    bands,
    fingerprint,
    is_near_duplicate,
    jaccard,
    signature,
)

LONG = (
    "Приглашаем на работу в тепличное хозяйство, проживание в общежитии, питание три раза в день, "
    "оплата каждую неделю, нужны мужчины и женщины без вредных привычек, звоните до восьми вечера"
)
COPY = LONG.replace("звоните до восьми вечера", "пишите после девяти утра").replace("Приглашаем", "Зовём")


# One ad, moved from a classifieds site to a channel.
COOK = (
    "Требуется повар в столовую на Толе би. Обязанности: горячий цех, заготовки, соблюдение санитарных норм. "
    "График 2/2 с 8 до 20, питание и развозка. Оформление по ТК, оплата два раза в месяц. "
    "Звоните 87011234567, Асель"
)
COOK_IN_CHANNEL = """🔥🔥 Требуется ПОВАР 🔥
в столовую на Толе би!!
✅ горячий цех
✅ заготовки
✅ санитарные нормы

График 2/2 с 8 до 20
питание, развозка 🚌
Оформление по ТК, оплата два раза в месяц
📞 +7 701 123 45 67 Асель"""
# Other vacancies of the same employer, the same phone, much of the same frame.
WAITER = COOK.replace("повар", "официант").replace(
    "горячий цех, заготовки, соблюдение санитарных норм", "встреча гостей, приём заказов, сервировка столов"
)
ACCOUNTANT = (
    "Требуется бухгалтер в столовую на Толе би: 1С, отчёты, налоги, опыт от трёх лет. Оформление по ТК. "
    "Звоните 87011234567, Асель"
)
SHEPHERD = (
    "Қыстаққа малшы керек, 400 қой, үй бар, тамақ пен жатын орын тегін, айлығы 300 мың, "
    "отбасылы адам болса жақсы. "
    "Хабарласыңыз 87051112233"
)
SHEPHERD_IN_CHANNEL = """‼️ Қыстаққа МАЛШЫ керек ‼️
🐑 400 қой
🏠 үй бар, тамақ пен жатын орын тегін
💰 айлығы 300 мың
отбасылы адам болса жақсы
☎️ 8 705 111 22 33"""


def runs(text: str) -> frozenset[int]:
    return fingerprint(text).runs


@pytest.mark.parametrize(("one", "other"), [(COOK, COOK_IN_CHANNEL), (SHEPHERD, SHEPHERD_IN_CHANNEL)])
def test_an_ad_set_anew_with_its_phone_is_the_same_ad(one: str, other: str) -> None:
    assert is_near_duplicate(fingerprint(one), fingerprint(other), shares_contact=True)


def test_without_the_phone_a_frame_in_common_is_not_enough() -> None:
    assert not is_near_duplicate(fingerprint(COOK), fingerprint(COOK_IN_CHANNEL), shares_contact=False)


@pytest.mark.parametrize("other", [WAITER, ACCOUNTANT])
def test_two_vacancies_of_one_employer_stay_two(other: str) -> None:
    assert not is_near_duplicate(fingerprint(COOK), fingerprint(other), shares_contact=True)


def test_emoji_and_line_breaks_are_no_words() -> None:
    broken = LONG.replace(", ", " ✅\n\n🔥 ")
    assert jaccard(runs(LONG), runs(broken)) == 1


def test_a_copy_with_other_contacts_is_the_same_ad() -> None:
    assert is_near_duplicate(fingerprint(LONG), fingerprint(LONG + " +7 701 123 45 67"), shares_contact=False)
    assert is_near_duplicate(fingerprint(LONG), fingerprint(COPY), shares_contact=True)


def test_a_disguised_copy_is_the_same_ad() -> None:
    assert jaccard(runs(LONG), runs(LONG.replace("о", "o"))) == 1


def test_short_texts_must_be_nearly_identical() -> None:
    one, other = fingerprint("Сдам комнату девушке, центр"), fingerprint("Сдам комнату парню, центр")
    assert not is_near_duplicate(one, other, shares_contact=False)
    assert is_near_duplicate(one, one, shares_contact=False)


def test_the_signature_estimates_the_resemblance() -> None:
    one, other = runs(LONG), runs(COPY)
    estimated = float(np.mean(signature(one) == signature(other)))
    assert abs(estimated - jaccard(one, other)) < 0.15
    assert signature(one).shape == (128,)


def test_copies_share_a_band_and_strangers_do_not() -> None:
    keys, copied = set(band_rows(runs(LONG))), set(band_rows(runs(COPY)))
    strange = "Продам диван, угловой, состояние хорошее, самовывоз из центра, торг уместен, цена договорная"
    assert keys & copied
    assert not keys & set(band_rows(runs(strange)))


def test_the_signature_is_the_same_in_every_process() -> None:
    # Stored bands must still be found after a restart and on another machine.
    assert signature(frozenset({1, 2, 3}))[:3].tolist() == signature(frozenset({3, 2, 1}))[:3].tolist()
    assert bands(signature(frozenset({1, 2, 3})))[0] == "e9f30ec738441c0c"


def test_a_text_without_words_has_no_duplicates() -> None:
    assert jaccard(runs("123 456"), runs("123 456")) == 0
    assert np.all(signature(frozenset()) == signature(frozenset()))
