"""Dates, prices, contacts and text: input and what it means."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from crawlers.items import ContactItem
from crawlers.pages.base import Page
from crawlers.pages.contacts import from_href, phone
from crawlers.pages.dates import parse_date
from crawlers.pages.json_ld import load_json
from crawlers.pages.prices import Price, currency_code, parse_price
from models.enums import ContactKind

NOW = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)  # 09:00 in Kazakhstan


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-14T10:00:00+05:00", datetime(2026, 11, 14, 5, tzinfo=UTC)),
        ("2026-11-14T10:00:00Z", datetime(2026, 11, 14, 10, tzinfo=UTC)),
        ("2026-11-14 10:00", datetime(2026, 11, 14, 5, tzinfo=UTC)),
        ("14-11-2026", datetime(2026, 11, 13, 19, tzinfo=UTC)),
        ("14.11.2026 08:30", datetime(2026, 11, 14, 3, 30, tzinfo=UTC)),
        ("14 ноября 2026 г.", datetime(2026, 11, 13, 19, tzinfo=UTC)),
        ("Опубликовано 3 мая 2026, 12:15", datetime(2026, 5, 3, 7, 15, tzinfo=UTC)),
        ("2026 ж. 14 қараша", datetime(2026, 11, 13, 19, tzinfo=UTC)),
        ("Сегодня, 08:15", datetime(2026, 11, 21, 3, 15, tzinfo=UTC)),
        ("вчера 23:50", datetime(2026, 11, 20, 18, 50, tzinfo=UTC)),
        ("бүгін", datetime(2026, 11, 20, 19, tzinfo=UTC)),
        ("кеше сағат 10:00", datetime(2026, 11, 20, 5, tzinfo=UTC)),
        ("25 декабря", datetime(2025, 12, 24, 19, tzinfo=UTC)),  # without a year it is never in the future
        ("Fri, 20 Nov 2026 10:00:00 +0500", datetime(2026, 11, 20, 5, tzinfo=UTC)),
        ("Fri, 20 Nov 2026 10:00:00 GMT", datetime(2026, 11, 20, 10, tzinfo=UTC)),
        ("20 Nov 2026 10:00 -0000", datetime(2026, 11, 20, 10, tzinfo=UTC)),
        ("Tue, 31 Feb 2026 10:00:00 +0000", None),
        ("Oct 29, 2014 at 6:28 PM", datetime(2014, 10, 29, 13, 28, tzinfo=UTC)),
        ("January 9th, 2016, 12:30 am", datetime(2016, 1, 8, 19, 30, tzinfo=UTC)),
        ("May 14, 2026", datetime(2026, 5, 13, 19, tzinfo=UTC)),
        ("November 31, 2026", None),
        ("3 часа назад", datetime(2026, 11, 21, 1, tzinfo=UTC)),
        ("31 февраля 2026", None),
        ("0001-01-01T00:00:00", None),
        ("скоро", None),
        ("", None),
        (None, None),
        ("1" * 200, None),
    ],
)
def test_dates(text: str | None, expected: datetime | None) -> None:
    assert parse_date(text, NOW) == expected


@pytest.mark.parametrize("text", ["вчера, 10:00", "25 декабря"])
def test_relative_dates_stay_unread_without_the_time_of_the_fetch(text: str) -> None:
    assert parse_date(text, None) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("180 000 ₸", Price(Decimal(180000), "KZT")),
        ("от 250 000 до 300 000 тг", Price(Decimal(250000), "KZT")),
        ("2\u00a0750 zł", Price(Decimal(2750), "PLN")),
        ("1 500,50 руб.", Price(Decimal("1500.50"), "RUB")),
        ("$1,200.00", Price(Decimal("1200"), "USD")),
        ("12.500 тенге", Price(Decimal(12500), "KZT")),
        ("5000", Price(Decimal(5000), None)),
        ("Цена не указана", None),
        ("договорная", None),
        ("9" * 40 + " ₸", None),
        (None, None),
    ],
)
def test_prices(text: str | None, expected: Price | None) -> None:
    assert parse_price(text) == expected


@pytest.mark.parametrize(("text", "expected"), [("RUR", "RUB"), ("kzt", "KZT"), ("тенге", "KZT"), ("", None)])
def test_currencies(text: str, expected: str | None) -> None:
    assert currency_code(text) == expected


@pytest.mark.parametrize(
    ("href", "expected"),
    [
        ("tel:8%20(701)%20000-11-22", ContactItem(ContactKind.PHONE, "+77010001122")),
        ("mailto:HR@Test.example?subject=x", ContactItem(ContactKind.EMAIL, "hr@test.example")),
        ("https://t.me/Some_HR", ContactItem(ContactKind.HANDLE, "@some_hr")),
        ("https://t.me/+AbCdEf", ContactItem(ContactKind.LINK, "t.me/+AbCdEf")),
        ("https://t.me/joinchat/AAAA", ContactItem(ContactKind.LINK, "t.me/joinchat/AAAA")),
        ("https://wa.me/77010001122?text=hi", ContactItem(ContactKind.PHONE, "+77010001122")),
        ("https://api.whatsapp.com/send?phone=77010001122", ContactItem(ContactKind.PHONE, "+77010001122")),
        ("https://x.example/?utm_source=a&id=1", ContactItem(ContactKind.LINK, "x.example/?id=1")),
        ("javascript:alert(1)", None),
        ("?q=%23tag", None),
        ("tel:", None),
        ("http://[", None),
    ],
)
def test_contacts_behind_links(href: str, expected: ContactItem | None) -> None:
    assert from_href(href) == expected


def test_a_phone_that_is_no_number_keeps_its_digits() -> None:
    assert phone("12-34").value == "1234"


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<p>раз</p><p>два</p>", "раз\nдва"),
        ("раз<br/><br/><br/><br/>два", "раз\n\nдва"),
        ("<div><div>раз</div></div>\n\n<div>два</div>", "раз\nдва"),
        ("раз <b>два</b>, <i>три</i>", "раз два, три"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc"),
        ("до<script>var x = '<p>нет</p>'</script><style>p{}</style>после", "до после"),
        ("&lt;b&gt; &amp; &#171;ё&#187;", "<b> & «ё»"),
        ('<a title="a > b">текст</a>', "текст"),
        ("<!-- нет -->да", "да"),
        ("строка\nвторая <b>часть</b>", "строка вторая часть"),
        ("без разметки\nвторая строка", "без разметки\nвторая строка"),
        ("\x01\x02<p>знаки</p>", "знаки"),
    ],
)
def test_text_of_html(html: str, expected: str) -> None:
    assert Page("", url="https://x.example/").html_text(html) == expected


@pytest.mark.parametrize(
    "text",
    [
        '{"a": 1}',
        '{"a": 1};',
        '{"a": 1}}',
        '<!-- {"a": 1} -->',
        '//<![CDATA[\n{"a": 1}\n//]]>',
        "{&quot;a&quot;: 1}",
    ],
)
def test_json_is_read_with_patience(text: str) -> None:
    assert load_json(text) == {"a": 1}


@pytest.mark.parametrize("text", ['{"a": 1', "", "{'a': 1}", "[" * 100_000, '{"a": 1} {"b": 2}'])
def test_json_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no JSON"):
        load_json(text)
