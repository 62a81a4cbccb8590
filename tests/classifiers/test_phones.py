"""Phones as people write them: at least 300, plain and hidden, and numbers that are none.

Every line is a spelling of our own; ``|`` parts the text from the number meant.
"""

import random
import re
from collections.abc import Callable

import pytest

from classifiers.contacts import find_contacts
from classifiers.text import normalise
from models.enums import ContactKind, TextPlace

PLAIN_MIN, DISGUISED_MIN, PRECISION_MIN = 0.99, 0.9, 0.98

# National numbers as people of each country have them, with the country code.
NUMBERS = {
    "7": ["7011234567", "7772203344", "7055501020", "7478889900", "7076543210", "7029031415", "7713335577"],
    "7ru": ["9161234567", "9037778899", "9265554433", "9991002030"],
    "998": ["901234567", "935557788", "998003040", "712345678"],
    "996": ["555123456", "700998877", "770112233"],
    "992": ["918123456", "927654321"],
    "993": ["65123456"],
    "82": ["1012345678"],
    "971": ["501234567"],
    "90": ["5321234567"],
    "86": ["13912345678"],
}
HEADS = [
    "тел {}",
    "Звоните: {} в любое время",
    "хабарласыңыз {}.",
    "қоңырау шалыңыз {}, уақыты бар",
    "{} WhatsApp",
    "Ватсап {} Айгуль",
    "tel: {}",
    "({})",
    "Айжан {}",
    "жумуш барбы? {} чалыңыз",
    "murojaat uchun {}",
    "ЗП 250 000 тг, {}",
    "с 9:00 до 18:00, {}",
    "18-25 жас, {}",
]


def _grouped(number: str, sizes: tuple[int, ...], gap: str) -> str:
    groups, at = [], 0
    for size in sizes:
        groups.append(number[at : at + size])
        at += size
    groups.append(number[at:])
    return gap.join(group for group in groups if group)


def _plain(country: str, number: str) -> list[str]:
    code = country.removesuffix("ru")
    sizes = {10: (3, 3, 2), 9: (2, 3, 2), 8: (2, 2, 2), 11: (3, 4)}[len(number)]
    spaced, dashed = _grouped(number, sizes, " "), _grouped(number, sizes, "-")
    written = [
        f"+{code}{number}",
        f"+{code} {spaced}",
        f"+{code}-{dashed}",
        f"+{code} ({spaced.replace(' ', ') ', 1)}",
    ]
    if code == "7":
        written += [
            f"8{number}",
            f"8 {spaced}",
            f"8-{dashed}",
            f"8({spaced.replace(' ', ')', 1).replace(' ', '-')}",
            f"8 {number[:3]} {number[3:]}",
            f"8 {number[:3]} {number[3:6]} {number[6:]}",
            f"7{number}",
            f"8 ({number[:3]}) {number[3:5]} {number[5:7]} {number[7:]}",
            f"8.{_grouped(number, sizes, '.')}",
            f"wa.me/7{number}",
            f"https://api.whatsapp.com/send?phone=7{number}",
        ]
        if country == "7":
            written += [number, spaced, f"{number[:3]}-{number[3:]}"]
    if code == "996":
        written += [f"0{number}", f"0{number[:3]} {number[3:]}", f"0{_grouped(number, (3, 2, 2), ' ')}"]
    if code in {"998", "996", "992", "993"}:
        written += [f"{code}{number}", f"{code} {spaced}"]
    return written


UNITS = {
    "ru": "ноль один два три четыре пять шесть семь восемь девять",
    "kk": "нөл бір екі үш төрт бес алты жеті сегіз тоғыз",
    "kk_folded": "нол бир еки уш торт бес алты жети сегиз тогыз",
    "kk_latin": "nol bir eki ush tort bes alty zheti segiz togyz",
    "ky": "нөл бир эки үч төрт беш алты жети сегиз тогуз",
    "uz": "nol bir ikki uch to'rt besh olti yetti sakkiz to'qqiz",
    "uz_cyrillic": "нол бир икки уч тўрт беш олти етти саккиз тўққиз",
    "en": "zero one two three four five six seven eight nine",
}


def _spoken(digits: str, language: str, gap: str = " ") -> str:
    units = UNITS[language].split()
    return gap.join(units[int(digit)] for digit in digits)


RU_TENS = re.findall(
    r"\S+", "_ _ двадцать тридцать сорок пятьдесят шестьдесят семьдесят восемьдесят девяносто"
)
RU_TEENS = re.findall(
    r"\S+",
    "десять одиннадцать двенадцать тринадцать четырнадцать пятнадцать шестнадцать семнадцать "
    "восемнадцать девятнадцать",
)
RU_HUNDREDS = re.findall(r"\S+", "_ сто двести триста четыреста пятьсот шестьсот семьсот восемьсот девятьсот")


def _russian_group(digits: str) -> str:
    if set(digits) == {"0"}:
        return " ".join(["ноль"] * len(digits))
    words = []
    number = digits
    if len(number) == 3 and number[0] != "0":
        words.append(RU_HUNDREDS[int(number[0])])
        number = number[1:].lstrip("0")
    elif number[0] == "0":
        words.append("ноль")
        return " ".join([*words, _russian_group(number[1:])])
    if len(number) == 2 and number[0] == "1":
        words.append(RU_TEENS[int(number[1])])
        number = ""
    elif len(number) == 2:
        words.append(RU_TENS[int(number[0])])
        number = number[1:].lstrip("0")
    if number:
        words.append(UNITS["ru"].split()[int(number)])
    return " ".join(words)


KEYCAPS = str.maketrans({str(d): f"{d}\ufe0f\u20e3" for d in range(10)})
FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")
BOLD = str.maketrans("0123456789", "𝟎𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖𝟗")
CIRCLED = str.maketrans("0123456789", "⓪①②③④⑤⑥⑦⑧⑨")

TRICKS: dict[str, Callable[[str], str]] = {
    "letter o": lambda n: f"8 {n[:3]} {n[3:]}".replace("0", "O"),
    "cyrillic o": lambda n: f"8{n}".replace("0", "о"),
    "letters з б": lambda n: f"8 {n[:3]} {n[3:6]} {n[6:8]} {n[8:]}".replace("3", "З").replace("6", "б"),
    "letter l": lambda n: f"8 {n[:3]} {n[3:6]} {n[6:]}".replace("1", "l"),
    "capital I": lambda n: f"+7{n}".replace("1", "I"),
    "keycaps": lambda n: f"8{n}".translate(KEYCAPS),
    "keycaps spaced": lambda n: " ".join(f"8{n}").translate(KEYCAPS),
    "full width": lambda n: f"8{n}".translate(FULL_WIDTH),
    "bold": lambda n: f"+7 {n}".translate(BOLD),
    "circled": lambda n: f"8{n}".translate(CIRCLED),
    "spaced": lambda n: " ".join(f"8{n}"),
    "dotted": lambda n: ".".join(f"8{n}"),
    "starred": lambda n: f"8*{n[:3]}*{n[3:6]}*{n[6:8]}*{n[8:]}",
    "slashed": lambda n: f"8/{n[:3]}/{n[3:6]}/{n[6:8]}/{n[8:]}",
    "underscored": lambda n: f"8_{n[:3]}_{n[3:6]}_{n[6:]}",
    "piped": lambda n: f"8|{n[:3]}|{n[3:]}",
    "zero width": lambda n: "\u200b".join(f"8{n}"),
    "soft hyphen": lambda n: f"8\u00ad{n[:3]}\u00ad{n[3:]}",
    "bidi": lambda n: f"\u202a8{n}\u202c",
    "wide gaps": lambda n: f"8   {n[:3]}   {n[3:6]}   {n[6:]}",
    "brackets": lambda n: f"[8][{n[:3]}][{n[3:6]}][{n[6:]}]",
    "equals": lambda n: f"8={n[:3]}={n[3:6]}={n[6:]}",
    "emoji between": lambda n: f"8📞{n[:3]}📞{n[3:6]}📞{n[6:8]}📞{n[8:]}",
    "line break": lambda n: f"8 {n[:3]}\n{n[3:6]} {n[6:]}",
    "russian digits": lambda n: _spoken("8" + n, "ru"),
    "russian digits, commas": lambda n: _spoken("8" + n, "ru", ", "),
    "russian groups": lambda n: " ".join(_russian_group(g) for g in ("8", n[:3], n[3:6], n[6:8], n[8:])),
    "russian plus": lambda n: "плюс " + _spoken("7" + n, "ru"),
    "russian after digit": lambda n: (
        f"8 {n[:3]} " + " ".join(_russian_group(g) for g in (n[3:6], n[6:8], n[8:]))
    ),
    "words among digits": lambda n: f"8 {_russian_group(n[:3])} {n[3:6]} {n[6:8]} {n[8:]}",
    "kazakh": lambda n: _spoken("8" + n, "kk"),
    "kazakh folded": lambda n: _spoken("8" + n, "kk_folded"),
    "kazakh latin": lambda n: _spoken("8" + n, "kk_latin"),
    "kyrgyz": lambda n: _spoken("8" + n, "ky"),
    "uzbek": lambda n: _spoken("8" + n, "uz"),
    "uzbek cyrillic": lambda n: _spoken("8" + n, "uz_cyrillic"),
    "english": lambda n: _spoken("8" + n, "en"),
    "russian look-alikes": lambda n: _spoken("8" + n, "ru").replace("о", "o").replace("е", "e"),
    "shouted": lambda n: _spoken("8" + n, "ru").upper(),
}

NONE = """
Зарплата 150 000 - 200 000 тенге, премия 30 000
зп от 350000 до 700000 тг на руки
с 21.11.2026 по 30.11.2026, 08.00-20.00
БИН 990140001234 ТОО «Достык»
ИИН 870501300123
ЖСН 900101450021
ИП, ИИН 701123456789
12 345 678 просмотров, 1 204 отклика
ГОСТ 12.0.004-2015, СНиП 2.08.02-89
рост 170 вес 50 возраст 18-25
восемь часов семь дней в неделю
карта 4400 4302 1234 5678
Kaspi Gold 4400430212345678
счёт KZ86125KZT5004100100
IBAN KZ75 125K ZT10 0130 0335
кадастровый номер 20-321-045-1234
координаты 43.238949, 76.889709
артикул 70112345678901
заказ № 202611210034567
лицензия № 12345678 от 01.02.2020
приказ 1048 от 28.11.2023
телефон Samsung 8/256, 2023 год, 120 000
дом 3, кв 45, этаж 2 из 9, 62.5 м2
1 000 000 000 тенге бюджета
10 000, 12 000, 15 000 тг за смену
смена 12/12, вахта 30/30, 60/30, 90/30
1 250 000 - 1 800 000 вон
2 010 000 won oylik, 250 soat
5 000 000 so'mdan 8 000 000 so'mgacha
сутки 24 000, ночь 12 000, час 3 000
размеры 42 44 46 48 50 52
таблица 1 2 3 4 5 6 7 8 9 10 11 12
коды 7010 7020 7030 7040
2019 2020 2021 2022 2023 года
7 дней 24 часа 365 дней
8 лет опыта, 3 года стажа, 15 человек
7 000 000 тенге, 11 сотых
курс 450,25 и 0,0723
ip 192.168.100.200:8080
версия 10.0.19045.3693
vin KMHD841CBHU123456
пробег 187 000 км, 2011 г.в., 3 500 000 тг
https://hh.kz/vacancy/87011234567890
https://www.olx.kz/d/obyavlenie/ad-IDpQ7x1.html?id=77011234
87 011 человек пришли
10:00-19:00, 13:00-14:00, 09:30-18:30
итого 8 701 123 тенге
остаток 7 011 234,50 тг
жүз мың теңге, екі жүз елу мың
бес бала, үш қыз, екі ұл, жеті немере
раз два три четыре пять вышел зайчик погулять
один два три человека, пять шесть дней
сто двадцать тысяч тенге в месяц
bir ikki uch to'rt besh olti
one two three four five
8 (восемь) часов, 40 (сорок) часов
№ 9981 от 12.12.2012, стр. 998
99,9 % из 998 901 234
общая площадь 123 456 789 кв. м
ОКЭД 49410, КБЕ 17, БИК CASPKZKA
почтовый индекс 050000, 010000
"""


def _phones(text: str) -> list[str]:
    found = find_contacts(normalise(text), TextPlace.TEXT)
    return [contact.value for contact in found if contact.kind is ContactKind.PHONE]


def _plain_cases() -> list[tuple[str, str]]:
    chooser = random.Random(4)
    cases = []
    for country, numbers in NUMBERS.items():
        for number in numbers:
            expected = f"+{country.removesuffix('ru')}{number}"
            cases += [(chooser.choice(HEADS).format(w), expected) for w in _plain(country, number)]
    return cases


def _disguised_cases() -> list[tuple[str, str]]:
    chooser = random.Random(5)
    cases = []
    for trick in TRICKS.values():
        for number in chooser.sample(NUMBERS["7"], 4) + NUMBERS["7ru"][:1]:
            cases.append((chooser.choice(HEADS[:10]).format(trick(number)), "+7" + number))
    return cases


def _figures(cases: list[tuple[str, str]]) -> tuple[float, int, int, list[str]]:
    n_right = n_wrong = 0
    missed = []
    for text, expected in cases:
        found = _phones(text)
        n_right += expected in found
        n_wrong += sum(value != expected for value in found)
        if found != [expected]:
            missed.append(f"{text!r} -> {found}")
    return n_right / len(cases), n_right, n_wrong, missed


def test_there_are_enough_cases() -> None:
    assert len(_plain_cases()) >= 200
    assert len(_disguised_cases()) >= 190


def test_plain_phones_are_found() -> None:
    recall, n_right, n_wrong, missed = _figures(_plain_cases())
    assert recall >= PLAIN_MIN, missed
    assert n_right / (n_right + n_wrong) >= PRECISION_MIN, missed


def test_disguised_phones_are_found() -> None:
    recall, n_right, n_wrong, missed = _figures(_disguised_cases())
    assert recall >= DISGUISED_MIN, missed
    assert n_right / (n_right + n_wrong) >= PRECISION_MIN, missed


def test_no_trick_is_blind() -> None:
    for name, trick in TRICKS.items():
        assert any(_phones(f"тел {trick(n)}") == ["+7" + n] for n in NUMBERS["7"]), name


@pytest.mark.parametrize("text", NONE.strip().splitlines())
def test_other_numbers_are_no_phones(text: str) -> None:
    assert _phones(text) == []


def test_precision_over_all() -> None:
    cases = _plain_cases() + _disguised_cases()
    _, n_right, n_wrong, _ = _figures(cases)
    n_wrong += sum(len(_phones(text)) for text in NONE.strip().splitlines())
    assert n_right / (n_right + n_wrong) >= PRECISION_MIN


def test_two_phones_beside_each_other_are_two() -> None:
    assert _phones("87011234567, 87772203344") == ["+77011234567", "+77772203344"]
    assert _phones("8 701 123 45 67 / 8 777 220 33 44") == ["+77011234567", "+77772203344"]
    assert _phones("+7 701 123 45 67\n+998 90 123 45 67") == ["+77011234567", "+998901234567"]
