"""Prices and pay as sites write them: an amount, a currency, and per what."""

import re
from dataclasses import dataclass
from decimal import Decimal

from crawlers.pages.values import to_decimal

# RUR went out of use in 1998, and hh still writes it.
_RENAMED = {"RUR": "RUB", "KZT.": "KZT", "BYR": "BYN"}
_SIGNS = {
    "₸": "KZT", "тг": "KZT", "тенге": "KZT", "теңге": "KZT", "kzt": "KZT",
    "₽": "RUB", "руб": "RUB", "рублей": "RUB", "rub": "RUB",
    "$": "USD", "usd": "USD", "долл": "USD", "€": "EUR", "eur": "EUR", "евро": "EUR",
    "сум": "UZS", "сўм": "UZS", "сом": "KGS", "zł": "PLN", "£": "GBP",
}  # fmt: skip
_SIGN = re.compile(
    "(" + "|".join(re.escape(sign) for sign in sorted(_SIGNS, key=len, reverse=True)) + r")(?![^\W\d_]{4})",
    re.I,
)
_AMOUNT = re.compile(r"(?<!\d)(?:\d{1,3}(?:[\s\u00a0\u202f.,]\d{3})+|\d{1,16})(?:[.,]\d{1,2})?(?!\d)")
_PERIODS = {"HOUR": "hour", "DAY": "day", "WEEK": "week", "MONTH": "month", "YEAR": "year", "ANNUAL": "year"}


@dataclass(frozen=True, slots=True)
class Price:
    """An amount with what is known of its currency (ISO 4217) and period."""

    amount: Decimal
    currency: str | None = None
    period: str | None = None


def currency_code(text: str | None) -> str | None:
    """ISO 4217 code of what a site calls a currency; None when it is not known."""
    word = (text or "").strip()
    upper = _RENAMED.get(word.upper(), word.upper())
    if re.fullmatch("[A-Z]{3}", upper):
        return upper
    found = _SIGN.search(word)
    return _SIGNS[found[1].lower()] if found else None


def period_name(text: str | None) -> str | None:
    """Period of schema.org's ``unitText`` (``MONTH``, ``month``…) as one of ours; None when unknown."""
    return _PERIODS.get((text or "").strip().upper())


def parse_price(text: str | None) -> Price | None:
    """Price in words: the first amount of ``от 250 000 до 300 000 ₸``; None when there is no amount."""
    found = _AMOUNT.search(text or "")
    if not text or not found:
        return None
    whole, point, cents = re.fullmatch(r"(.*?)(?:([.,])(\d{1,2}))?", found[0], re.DOTALL).groups()  # type: ignore[union-attr]  # matches any text
    amount = to_decimal(re.sub(r"\D", "", whole) + (f".{cents}" if point else ""))
    return Price(amount, currency_code_in(text)) if amount is not None else None


def currency_code_in(text: str) -> str | None:
    """Currency whose sign or word stands in a text; None when none does."""
    found = _SIGN.search(text)
    return _SIGNS[found[1].lower()] if found else None
