"""What ads say in figures and names, in our own lines."""

import pytest

from classifiers.facts import Fact, FactKind, find_facts, is_valid_bin, region_name
from classifiers.text import normalise
from models.enums import TextPlace


def _facts(text: str, kind: FactKind) -> list[Fact]:
    return [fact for fact in find_facts(normalise(text), TextPlace.TEXT) if fact.kind is kind]


@pytest.mark.parametrize(
    ("text", "low", "high", "currency", "period"),
    [
        ("зп 350 000 - 500 000 тг", 350_000, 500_000, "KZT", ""),
        ("Оплата 8 тыс в день", 8_000, 8_000, "", "day"),
        ("от 1500$ в месяц", 1_500, None, "USD", "month"),
        ("до 300 тыс. тенге", 0, 300_000, "KZT", ""),
        ("күніне 15 мың теңге", 15_000, 15_000, "KZT", "day"),
        ("айына 300-400 мың тг", 300_000, 400_000, "KZT", "month"),
        ("oyiga 90 000 rubl", 90_000, 90_000, "RUB", "month"),
        ("ойига 5 млн сўм", 5_000_000, 5_000_000, "UZS", "month"),
        ("айына 60000 сом", 60_000, 60_000, "KGS", "month"),
        ("2 000 000 вон", 2_000_000, 2_000_000, "KRW", ""),
        ("1 200 руб в час", 1_200, 1_200, "RUB", "hour"),
        ("за вахту 250.000 ₽", 250_000, 250_000, "RUB", "rotation"),
        ("4000 дирхам", 4_000, 4_000, "AED", ""),
        ("аптасына 70000₸", 70_000, 70_000, "KZT", "week"),
        ("1.5 млн тг", 1_500_000, 1_500_000, "KZT", ""),
    ],
)
def test_pay(text: str, low: int, high: int | None, currency: str, period: str) -> None:
    (fact,) = _facts(text, FactKind.PAY)
    assert (fact.low, fact.high, fact.value, fact.period) == (low, high, currency, period)


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("девушки 18-25 лет", 18, 25),
        ("возраст до 45", 0, 45),
        ("от 18 до 35 лет", 18, 35),
        ("18 жастан 40 жасқа дейін", 18, 40),
        ("жасы 20-45", 20, 45),
        ("18 yoshdan 45 yoshgacha", 18, 45),
        ("женщина 35+", 35, None),
        ("16 жаш", 16, 16),
        ("не старше 40 лет", 0, 40),
        ("aged 20-30", 20, 30),
    ],
)
def test_age(text: str, low: int, high: int | None) -> None:
    (fact,) = _facts(text, FactKind.AGE)
    assert (fact.low, fact.high) == (low, high)


@pytest.mark.parametrize(
    "text", ["опыт от 10 лет", "15 лет на рынке", "смена 12-15 часов", "2025 год", "тәжірибе 10 жыл"]
)
def test_experience_is_no_age(text: str) -> None:
    assert _facts(text, FactKind.AGE) == []


@pytest.mark.parametrize(
    ("text", "sex"),
    [
        ("Требуются девушки", "female"),
        ("Нужны мужчины и женщины", "any"),
        ("қыздар керек", "female"),
        ("Құрылысқа жігіттер іздейміз", "male"),
        ("qizlar kerak", "female"),
        ("аял керек", "female"),
        ("we need men", "male"),
    ],
)
def test_sex_asked(text: str, sex: str) -> None:
    assert {fact.value for fact in _facts(text, FactKind.SEX)} == {sex}


def test_a_person_who_is_not_sought_is_no_sex_asked() -> None:
    assert _facts("Вчера видел девушку на мосту", FactKind.SEX) == []


@pytest.mark.parametrize(
    ("text", "n"),
    [("Требуется 5 человек", 5), ("10 жігіт керек", 10), ("20 kishi kerak", 20), ("нужны 3 девушки", 3)],
)
def test_count_of_places(text: str, n: int) -> None:
    (fact,) = _facts(text, FactKind.N_PLACES)
    assert (fact.low, fact.high) == (n, n)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("в Семипалатинске", "KZ-10"),
        ("Көкшетауда жұмыс", "KZ-11"),
        ("Актюбинская область", "KZ-15"),
        ("Талғар ауданы", "KZ-19"),
        ("Атырауға вахта", "KZ-23"),
        ("Уральск", "KZ-27"),
        ("в Таразе", "KZ-31"),
        ("Taldyqorǵanda", "KZ-33"),
        ("Қарағандыда", "KZ-35"),
        ("в Кустанае", "KZ-39"),
        ("Қызылордаға", "KZ-43"),
        ("Aktauda", "KZ-47"),
        ("Экибастуз", "KZ-55"),
        ("СКО, Петропавловск", "KZ-59"),
        ("Сайрамский район", "KZ-61"),
        ("Жезказган", "KZ-62"),
        ("Усть-Каменогорск", "KZ-63"),
        ("в Нур-Султане", "KZ-71"),
        ("Almatyda", "KZ-75"),
        ("из Шымкента", "KZ-79"),
    ],
)
def test_every_region_is_known(text: str, code: str) -> None:
    assert {fact.value for fact in _facts(text, FactKind.REGION)} == {code}
    assert region_name(code, "kk") != region_name(code, "ru")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("в Дубай", "AE"),
        ("Кореяға", "KR"),
        ("Rossiyaga", "RU"),
        ("Түркияда", "TR"),
        ("в Бахрейн", "BH"),
        ("Оруссияга", "RU"),
        ("to Turkey", "TR"),
        ("в ОАЭ", "AE"),
    ],
)
def test_country(text: str, code: str) -> None:
    assert {fact.value for fact in _facts(text, FactKind.COUNTRY)} == {code}


@pytest.mark.parametrize(
    "text", ["для семей с детьми", "глубокие знания", "по делу", "қатарына қосылу", "менеджер"]
)
def test_ordinary_words_are_no_places(text: str) -> None:
    assert [f for f in find_facts(normalise(text), TextPlace.TEXT) if f.kind is not FactKind.SEX] == []


def test_employer_and_its_number() -> None:
    text = "ТОО «Достык Групп», БИН 990 140 001 239, ищет повара"
    (employer,) = _facts(text, FactKind.EMPLOYER)
    assert (employer.value, employer.quote) == ("Достык Групп", "ТОО «Достык Групп»")
    assert [fact.value for fact in _facts("ИП Касымов А. ищет пастуха", FactKind.EMPLOYER)] == ["Касымов А."]


def test_the_checksum_of_a_number_is_checked() -> None:
    valid = [f"99014000123{check}" for check in range(10) if is_valid_bin(f"99014000123{check}")]
    assert len(valid) == 1
    (fact,) = _facts(f"БИН {valid[0]}", FactKind.BIN)
    assert fact.value == valid[0]
    assert not is_valid_bin("991340001230")
    assert _facts("БИН 123456789012", FactKind.BIN) == []


def test_messenger_and_not_money() -> None:
    assert [f.value for f in _facts("пишите в ватсап или тг", FactKind.MESSENGER)] == ["whatsapp", "telegram"]
    assert _facts("зп 5000 тг", FactKind.MESSENGER) == []


def test_spans_point_into_the_original() -> None:
    text = "Тр\u200bебуются 5 девушек 18-25 лет в Ду\u00adбай, зп от 1500$ &amp; жильё, г. Шымкент"
    found = find_facts(normalise(text), TextPlace.TITLE)
    assert len(found) > 4
    for fact in found:
        assert text[fact.start : fact.end] == fact.quote
        assert fact.place is TextPlace.TITLE


@pytest.mark.parametrize("text", ["", "\ud800", "1" * 5_000, "18-" * 2_000, "ТОО «" * 1_000])
def test_any_text_is_read(text: str) -> None:
    assert all(text[f.start : f.end] == f.quote for f in find_facts(normalise(text), TextPlace.TEXT))
