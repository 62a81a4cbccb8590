"""The words on screen: catalogues, plural forms, dates and numbers in kk, ru and en.

The catalogues are plain ``.po`` files under ``locale/``, read once at start, so
that a person can correct a sentence with a text editor and no tools. Keys are
names (``queue.title``), not English sentences: Kazakh is written first.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from functools import cache, lru_cache
from io import BytesIO
from pathlib import Path

from babel.dates import format_datetime
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from babel.support import Translations

LOCALES = ("kk", "ru", "en")
DEFAULT_LOCALE = "kk"
LOCALE_NAMES: Mapping[str, str] = {"kk": "Қазақша", "ru": "Русский", "en": "English"}
LOCALE_DIR = Path(__file__).resolve().parent / "locale"

# All of Kazakhstan since 2024-03-01; earlier times are shown in the same zone, and the zone is named.
ZONE = timezone(timedelta(hours=5), "UTC+5")


@dataclass(frozen=True)
class Words:
    """One language: texts by key, and the forms of dates and numbers."""

    locale: str
    translations: Translations

    def text(self, key: str, /, **values: object) -> str:
        """The sentence of a key; ``{name}`` in it is replaced by a value."""
        sentence = self.translations.gettext(key)
        return sentence.format_map(values) if values else sentence

    def counted(self, key: str, n: int, /, **values: object) -> str:
        """The form of a key that fits ``n``; ``{n}`` in it is the number, grouped."""
        sentence = self.translations.ngettext(key, key, n)
        return sentence.format_map({"n": self.number(n), **values})

    def word(self, member: StrEnum) -> str:
        """The name of an enum member: key ``level.high`` for ``Level.HIGH``."""
        return self.text(f"{type(member).__name__.lower()}.{member.value}")

    def source(self, name: str, title: str) -> str:
        """The title of a source: the catalogue's for those that come with Saqshy, else its own."""
        key = f"source.{name}"
        return self.text(key) if self.has(key) else title

    def has(self, key: str) -> bool:
        """Whether the catalogue knows a key."""
        return self.translations.gettext(key) != key

    def number(self, value: float) -> str:
        """A number with the language's separators."""
        return _decimal(value, None, self.locale)

    def score(self, value: float) -> str:
        """A score in [0, 1] with two digits, ``0,93`` or ``0.93``; never shown as 1 unless it is."""
        shown = min(value, 0.99) if value < 1 else value
        return _decimal(round(shown, 2), "0.00", self.locale)

    def at(self, when: datetime) -> str:
        """A time for reading: ``2026 ж. 21 қараша, 14:12 (UTC+5)``."""
        day = {"kk": "y 'ж'. d MMMM, HH:mm", "ru": "d MMMM y, HH:mm", "en": "d MMMM y, HH:mm"}[self.locale]
        return f"{format_datetime(in_zone(when), day, locale=self.locale)} ({ZONE})"

    def at_short(self, when: datetime) -> str:
        """A time for a table: ``21.11.2026 14:12``; the table's heading names the zone."""
        return in_zone(when).strftime("%d.%m.%Y %H:%M")

    def span(self, seconds: float) -> str:
        """A length of time in its largest unit: ``7 мин``, ``3 сағ``, ``12 күн``."""
        minutes = max(0, int(seconds // 60))
        if minutes < 60:
            return self.counted("span.minutes", minutes)
        if minutes < 48 * 60:
            return self.counted("span.hours", minutes // 60)
        return self.counted("span.days", minutes // (24 * 60))


@lru_cache(maxsize=4096)
def _decimal(value: float, pattern: str | None, locale: str) -> str:
    """The same few numbers stand on every page, and Babel takes its time for each."""
    return str(format_decimal(value, format=pattern, locale=locale))


def in_zone(when: datetime) -> datetime:
    """The same moment on the clock of the screens, UTC+5."""
    return when.astimezone(ZONE)


def iso(when: datetime) -> str:
    """UTC in ISO form, for machines (``<time datetime>``)."""
    return when.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def read_catalogue(locale: str) -> Catalog:
    """The catalogue file of a language as Babel's object.

    Raises:
        babel.messages.pofile.PoFileError: the file is damaged; the error names the line.
    """
    path = LOCALE_DIR / locale / "LC_MESSAGES" / "messages.po"
    with path.open("rb") as file:
        return read_po(file, locale=locale, abort_invalid=True)


@cache
def load_words(locale: str) -> Words:
    """The words of a language; an unknown one gives Kazakh."""
    known = locale if locale in LOCALES else DEFAULT_LOCALE
    compiled = BytesIO()
    write_mo(compiled, read_catalogue(known))
    compiled.seek(0)
    return Words(known, Translations(compiled))


def choose_locale(wanted: str | None) -> str:
    """A language the screens speak: the wanted one, else Kazakh."""
    return wanted if wanted in LOCALES else DEFAULT_LOCALE
