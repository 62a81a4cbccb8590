"""How the sample sites turn words into addresses, dates and markup."""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from email.utils import format_datetime
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

TEMPLATES_DIR = Path(__file__).parent / "templates"

BASE36 = "0123456789abcdefghijklmnopqrstuvwxyz"

# Russian and Kazakh letters as classifieds sites of the country spell them in addresses.
CYRILLIC = "абвгдеёжзийклмнопрстуфхцчшщъыьэюяәғқңөұүһі"
SPELLED = "a b v g d e e zh z i y k l m n o p r s t u f h c ch sh sch ' y ' e yu ya a g k n o u u h i"
LATIN = dict(zip(CYRILLIC, SPELLED.split(), strict=True))

MONTHS_RU = "января февраля марта апреля мая июня июля августа сентября октября ноября декабря"
MONTHS_KK = "қаңтар ақпан наурыз сәуір мамыр маусым шілде тамыз қыркүйек қазан қараша желтоқсан"
MONTHS = {"ru": MONTHS_RU.split(), "kk": MONTHS_KK.split()}

EMOJI = re.compile(
    "[\U0001f1e6-\U0001f1ff]{2}|[\U0001f300-\U0001faff\u2600-\u27bf\u2b50\u203c][\ufe0f\U0001f3fb-\U0001f3ff]*"
)


def base36(number: int) -> str:
    """Write a positive number with the digits 0-9a-z."""
    digits = ""
    while number:
        number, rest = divmod(number, 36)
        digits = BASE36[rest] + digits
    return digits or "0"


def slugify(title: str, limit: int = 60) -> str:
    """Spell a title for an address: ASCII letters, digits and single hyphens, at most ``limit`` long."""
    latin = "".join(LATIN.get(letter, letter) for letter in title.lower())
    return re.sub(r"[^a-z0-9]+", "-", latin.replace("'", "")).strip("-")[:limit].rstrip("-") or "obyavlenie"


def day_words(moment: datetime, language: str) -> str:
    """Write a date as the sites do: ``14 ноября 2026 г.`` or ``2026 ж. 14 қараша``."""
    month = MONTHS[language][moment.month - 1]
    return (
        f"{moment.year} ж. {moment.day} {month}"
        if language == "kk"
        else f"{moment.day} {month} {moment.year} г."
    )


def tenge(amount: int) -> str:
    """Write an amount with thousands apart: ``250 000``."""
    return f"{amount:,}".replace(",", " ")


def lines(text: str) -> Markup:
    """Escape a text and keep its line breaks as ``<br/>``."""
    return Markup("<br/>\n").join(escape(line) for line in text.split("\n"))


def feed_html(text: str) -> str:
    """Write a text as the HTML that a feed's description holds; the template escapes it once more."""
    return f"<p>{lines(text)}</p>"


def channel_markup(text: str) -> Markup:
    """Write a message the way a channel preview does: ``<br/>``, emoji as ``i.emoji > b``."""
    body = str(Markup("<br/>").join(escape(line) for line in text.split("\n")))
    return Markup(EMOJI.sub(lambda found: f'<i class="emoji"><b>{found[0]}</b></i>', body))  # noqa: S704 - escaped above


def json_ld(data: Mapping[str, object]) -> Markup:
    """Serialise structured data so that it can stand in a ``<script>`` of both HTML and XML."""
    text = json.dumps(data, ensure_ascii=False, indent=1)
    return Markup(text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e"))  # noqa: S704


def environment() -> Environment:
    """Build the template environment; everything is escaped and a missing name is an error."""
    env = Environment(
        loader=FileSystemLoader(TEMPLATES_DIR),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.filters.update(
        day_words=day_words,
        tenge=tenge,
        lines=lines,
        feed_html=feed_html,
        rfc822=format_datetime,
        channel_markup=channel_markup,
        json_ld=json_ld,
    )
    return env
