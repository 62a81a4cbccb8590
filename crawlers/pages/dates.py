"""Dates as sites write them, to aware UTC times.

A time without a zone is Kazakhstan's (+05:00 in the whole country since 2024-03-01).
"""

import re
from datetime import UTC, datetime, time, timedelta, timezone
from email.utils import parsedate_to_datetime

import dateparser  # type: ignore[import-untyped]  # ships no types

LOCAL = timezone(timedelta(hours=5))
_DAYS_AGO = {
    "сегодня": 0,
    "бүгін": 0,
    "today": 0,
    "вчера": 1,
    "кеше": 1,
    "yesterday": 1,
    "позавчера": 2,
    "алдыңғы күні": 2,
}
_MONTHS = {
    name: number
    for names in (
        "января февраля марта апреля мая июня июля августа сентября октября ноября декабря",
        "январь февраль март апрель май июнь июль август сентябрь октябрь ноябрь декабрь",
        "қаңтар ақпан наурыз сәуір мамыр маусым шілде тамыз қыркүйек қазан қараша желтоқсан",
        "янв фев мар апр мая июн июл авг сен окт ноя дек",
    )
    for number, name in enumerate(names.split(), 1)
}
_RELATIVE = re.compile(r"(" + "|".join(_DAYS_AGO) + r")\b(?:\D{0,15}(\d{1,2}):(\d{2}))?", re.IGNORECASE)
_DAY_MONTH = re.compile(
    r"(?:(\d{4})\s*(?:ж\.?|жылғы|г\.?)?\s*)?(\d{1,2})\s+([^\W\d_]{3,9})\.?(?:\s+(\d{4}))?"
)
_ENGLISH_MONTHS = {
    name: number
    for names in (
        "january february march april may june july august september october november december",
        "jan feb mar apr may jun jul aug sep oct nov dec",
    )
    for number, name in enumerate(names.split(), 1)
}
# Only as a whole: what follows may be a zone, which is dateparser's to know.
_ENGLISH = re.compile(
    r"([a-z]{3,9})\.? (\d{1,2})(?:st|nd|rd|th)?,? (\d{4})(?:,? (?:at )?(\d{1,2}):(\d{2})(?: ?([ap])m)?)?",
    re.IGNORECASE,
)
# As feeds write them (RFC 822). Other names of zones mean different things in different places.
_MAIL = re.compile(
    r"(?:[a-z]{3}, ?)?\d{1,2} [a-z]{3} \d{4} \d{2}:\d{2}(?::\d{2})? (?:[+-]\d{4}|GMT|UTC?|Z)", re.IGNORECASE
)
_CLOCK = re.compile(r"\b(\d{1,2}):(\d{2})\b")
_DIGITS = re.compile(r"(\d{1,2})[./-](\d{1,2})[./-](\d{4})(?:,?\s+(\d{1,2}):(\d{2}))?")
_LANGUAGES = ["ru", "kk", "en"]


def parse_date(text: str | None, now: datetime | None) -> datetime | None:
    """Time that ``text`` names, in UTC; None when it names none.

    Args:
        text: ISO 8601, ``14 ноября 2026 г.``, ``2026 ж. 14 қараша``, ``14.11.2026 10:30``, ``вчера, 10:30``…
        now: when the page was fetched, aware; without it relative dates and those without a year stay unread.
    """
    text = " ".join((text or "").split())
    if not text or len(text) > 100:
        return None
    for read in (parse_iso, _digits, _mail, _english):
        found = read(text)
        if found:
            return found
    return _relative(text, now) or _day_month(text, now) or _other(text, now)


def _utc(moment: datetime) -> datetime | None:
    try:
        return (moment if moment.tzinfo else moment.replace(tzinfo=LOCAL)).astimezone(UTC)
    except OverflowError:  # year 1 or 9999 at the edge of the calendar
        return None


def parse_iso(text: str) -> datetime | None:
    """Time in ISO 8601, in UTC; None for anything else. Quick, where a page may hold thousands."""
    try:
        return _utc(datetime.fromisoformat(text))
    except ValueError:
        return None


def _build(year: int, month: int, day: int, hour: str | None, minute: str | None) -> datetime | None:
    try:
        return _utc(datetime(year, month, day, int(hour or 0), int(minute or 0), tzinfo=LOCAL))
    except ValueError:
        return None


def _digits(text: str) -> datetime | None:
    found = _DIGITS.fullmatch(text)
    return _build(int(found[3]), int(found[2]), int(found[1]), found[4], found[5]) if found else None


def _mail(text: str) -> datetime | None:
    if not _MAIL.fullmatch(text):
        return None
    try:
        found = parsedate_to_datetime(text)
    except ValueError:
        return None
    # "-0000" says UTC and that nobody knows the place.
    return _utc(found if found.tzinfo else found.replace(tzinfo=UTC))


def _english(text: str) -> datetime | None:
    """Read ``Oct 29, 2014 at 6:28 PM`` and ``January 9th, 2016, 2:30 am``, as forums write them."""
    found = _ENGLISH.fullmatch(text)
    month = _ENGLISH_MONTHS.get(found[1].lower()) if found else None
    if not found or not month:
        return None
    hour = int(found[4] or 0)
    if found[6]:
        hour = hour % 12 + (12 if found[6].lower() == "p" else 0)
    return _build(int(found[3]), month, int(found[2]), str(hour), found[5])


def _relative(text: str, now: datetime | None) -> datetime | None:
    found = _RELATIVE.search(text)
    if not found or now is None:
        return None
    day = now.astimezone(LOCAL).date() - timedelta(days=_DAYS_AGO[found[1].lower()])
    try:
        clock = time(int(found[2] or 0), int(found[3] or 0))
    except ValueError:
        return None
    return _utc(datetime.combine(day, clock, LOCAL))


def _day_month(text: str, now: datetime | None) -> datetime | None:
    found = _DAY_MONTH.search(text)
    month = _MONTHS.get(found[3].lower()) if found else None
    if not found or not month:
        return None
    clock = _CLOCK.search(text)
    hour, minute = (clock[1], clock[2]) if clock else (None, None)
    year = found[1] or found[4]
    if year:
        return _build(int(year), month, int(found[2]), hour, minute)
    if now is None:
        return None
    this_year = now.astimezone(LOCAL).year
    built = _build(this_year, month, int(found[2]), hour, minute)
    is_ahead = built is not None and built > now + timedelta(days=1)
    return _build(this_year - 1, month, int(found[2]), hour, minute) if is_ahead else built


def _other(text: str, now: datetime | None) -> datetime | None:
    """Leave the rest to dateparser (0.6 ms) if it has a digit; without ``now``, only if it has a year."""
    if not re.search(r"\d" if now else r"\b\d{4}\b", text):
        return None
    settings = {
        "TIMEZONE": "+0500",
        "RETURN_AS_TIMEZONE_AWARE": True,
        "REQUIRE_PARTS": ["day", "month", "year"],
    }
    if now is not None:
        settings["RELATIVE_BASE"] = now.astimezone(LOCAL).replace(tzinfo=None)
    found = dateparser.parse(text, languages=_LANGUAGES, settings=settings)
    return _utc(found) if found else None
