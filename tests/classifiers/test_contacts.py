"""Ways to reach the author, also where they are disguised."""

import pytest

from classifiers.contacts import find_contacts, mask_contact
from classifiers.number_words import spoken_digits
from classifiers.text import normalise
from models.enums import ContactKind, TextPlace


def _found(text: str) -> list[tuple[str, str]]:
    return [(c.kind.value, c.value) for c in find_contacts(normalise(text), TextPlace.TEXT)]


@pytest.mark.parametrize(
    "written",
    [
        "+7 701 123 45 67",
        "87011234567",
        "8(701)123-45-67",
        "8 701 1234567",
        "7011234567",
        "+7-701-123-45-67",
        "8.701.123.45.67",
        "8 7O1 12З 45 67",
        "8️⃣7️⃣0️⃣1️⃣1️⃣2️⃣3️⃣4️⃣5️⃣6️⃣7️⃣",
        "８７０１１２３４５６７",
        "8 7 0 1 1 2 3 4 5 6 7",
        "8*701*123*45*67",
        "8\u200b701\u200b1234567",
        "восемь семьсот один сто двадцать три сорок пять шестьдесят семь",
        "восемь семь ноль один один два три четыре пять шесть семь",
        "сегіз жеті жүз бір жүз жиырма үш қырық бес алпыс жеті",
        "wa.me/77011234567",
    ],
)
def test_one_phone_in_many_spellings(written: str) -> None:
    assert _found(f"Звоните: {written} в любое время") == [("phone", "+77011234567")]


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("+998 90 123 45 67", "+998901234567"),
        ("996 555 12 34 56", "+996555123456"),
        ("0555 12 34 56", "+996555123456"),
        ("+82 10 1234 5678", "+821012345678"),
        ("8 912 345 67 89", "+79123456789"),
    ],
)
def test_phones_of_neighbours(written: str, value: str) -> None:
    assert _found(f"тел {written}") == [("phone", value)]


@pytest.mark.parametrize(
    "text",
    [
        "Зарплата 150 000 - 200 000 тенге",
        "с 21.11.2026 по 30.11.2026",
        "БИН 990140001234",
        "12 345 678 просмотров",
        "ГОСТ 12.0.004-2015",
        "рост 170 вес 50 возраст 18-25",
        "восемь часов семь дней",
    ],
)
def test_other_numbers_are_no_phones(text: str) -> None:
    assert _found(text) == []


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("пишите @agent_dubai сразу", "handle", "@agent_dubai"),
        ("телеграм: agent_dubai", "handle", "@agent_dubai"),
        ("https://t.me/agent_dubai", "handle", "@agent_dubai"),
        ("почта Work.Abroad@Mail.kz", "email", "work.abroad@mail.kz"),
        ("смотри https://www.example.kz/ad/1?x=2.", "link", "example.kz/ad/1?x=2"),
        ("сайт example.kz", "link", "example.kz"),
        ("instagram.com/some.name", "link", "instagram.com/some.name"),
        ("тг agent_dubai", "handle", "@agent_dubai"),
        ("инста @ agent_dubai", "handle", "@agent_dubai"),
        ("ник: agentdubai", "handle", "@agentdubai"),
        ("аgеnt_dubаi в телеграм: @agent_dubai", "handle", "@agent_dubai"),
        ("почта agent собака mail точка kz", "email", "agent@mail.kz"),
        ("work (at) mail.kz", "email", "work@mail.kz"),
        ("сайт example точка kz", "link", "example.kz"),
        ("t.me/joinchat/AbCdEf12", "handle", "@abcdef12"),
    ],
)
def test_handles_links_and_mail(text: str, kind: str, value: str) -> None:
    assert _found(text) == [(kind, value)]


def test_spans_point_into_the_original() -> None:
    text = "Тел. 8\u200b 7️⃣01 123-45-67, @a\u200bgent_x"
    for contact in find_contacts(normalise(text), TextPlace.TEXT):
        assert text[contact.start : contact.end] == contact.quote
    assert len(find_contacts(normalise(text), TextPlace.TEXT)) == 2


def test_spoken_numbers_keep_their_groups() -> None:
    text = "семьсот семь, тридцать, пять, ноль, двенадцать"
    assert [digits for digits, _, _ in spoken_digits(text)] == ["707305012"]


@pytest.mark.parametrize(
    ("kind", "value", "masked"),
    [
        (ContactKind.PHONE, "+77011234567", "+7 7•• ••• •• 67"),
        (ContactKind.PHONE, "+998901234567", "+998 ••••••• 67"),
        (ContactKind.HANDLE, "@agent_dubai", "@ag•••"),
        (ContactKind.EMAIL, "work@mail.kz", "w•••@mail.kz"),
        (ContactKind.LINK, "example.kz/ad/1", "example.kz/•••"),
    ],
)
def test_screens_show_contacts_masked(kind: ContactKind, value: str, masked: str) -> None:
    assert mask_contact(kind, value) == masked
