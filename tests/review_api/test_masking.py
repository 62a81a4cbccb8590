"""Masking keeps every place and hides what it should; the protected list knows its hosts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.enums import ContactKind, TextPlace
from models.errors import BadSettings
from review_api.blocklist.grounds import LegalGrounds
from review_api.blocklist.listing import ProtectedAddress, load_protected
from review_api.masking import ContactSpot, mask_text, mask_value


@pytest.mark.parametrize(
    ("kind", "value", "masked"),
    [
        (ContactKind.PHONE, "+7 701 234 56 78", "+7 7•• ••• •• 78"),
        (ContactKind.PHONE, "87012345678", "87•••••••78"),
        (ContactKind.PHONE, "сегіз жеті жүз", "••••• •••• •••"),
        (ContactKind.HANDLE, "@qyz_kerek", "@q••_•••••"),
        (ContactKind.EMAIL, "aa@mail.kz", "a•@mail.kz"),
        (ContactKind.LINK, "https://t.me/joinme", "https://t.me/••••••"),
        (ContactKind.LINK, "t.me/joinme", "t.me/••••••"),
        (ContactKind.LINK, "example.kz", "ex•••••.••"),
        (ContactKind.HANDLE, "", ""),
    ],
)
def test_masked_values(kind: ContactKind, value: str, masked: str) -> None:
    assert mask_value(kind, value) == masked


@given(st.text(), st.sampled_from(ContactKind), st.integers(0, 50), st.integers(0, 50))
def test_masking_keeps_every_place(text: str, kind: ContactKind, start: int, length: int) -> None:
    spot = ContactSpot(kind, "x", TextPlace.TEXT, start, start + length)
    masked = mask_text(text, TextPlace.TEXT, [spot])
    assert len(masked) == len(text)
    assert all(new in (old, "•") for old, new in zip(text, masked, strict=True))


def test_a_phone_that_nobody_noted_is_hidden_too() -> None:
    assert mask_text("тел: 8 (701) 234-56-78!", TextPlace.TEXT, []) == "тел: 8 (7••) •••-••-78!"
    assert mask_text("12.11.2026, 500 000 тг", TextPlace.TEXT, []) == "12.11.2026, 500 000 тг"


def test_a_contact_of_the_page_is_hidden_where_it_stands_in_the_text() -> None:
    spot = ContactSpot(ContactKind.HANDLE, "@qyz")
    assert mask_text("жаз @qyz", TextPlace.TEXT, [spot]) == "жаз @q••"


@pytest.mark.parametrize(
    "url",
    [
        "https://gov.kz/a",
        "https://www.gov.kz/memleket/entities/mki/press/1",
        "https://EGOV.KZ./a",
        "http://halykbank.kz:8080/a?b",
        "https://t.me/onlyname",
        "https://m.olx.kz/",
        "https://www.instagram.com/profile",
    ],
)
def test_protected(url: str) -> None:
    from models.urls import canonical_url

    with pytest.raises(ProtectedAddress):
        load_protected().check(canonical_url(url))


@pytest.mark.parametrize(
    "url",
    [
        "https://t.me/name/17",
        "https://t.me/s/name/17",
        "https://www.olx.kz/d/obyavlenie/rabota-IDabc.html",
        "https://notgov.kz/a",
        "https://gov.kz.example.com/a",
        "https://baraholka.example.kz/ads/1",
    ],
)
def test_not_protected(url: str) -> None:
    load_protected().check(url)


def test_a_broken_list_stops_the_start(tmp_path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "protected.yaml"
    path.write_text("hosts: [1, 2]")
    with pytest.raises(BadSettings):
        load_protected(path)
    with pytest.raises(BadSettings):
        LegalGrounds(path)


def test_every_ground_is_named_in_three_languages() -> None:
    for ground in LegalGrounds():
        assert set(ground.titles) == set(ground.law) == {"kk", "ru", "en"}
