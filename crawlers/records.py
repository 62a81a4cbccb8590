"""One record of an imported file: a JSON line or a CSV row, each readable again from its own bytes."""

import csv
import io
import json
import math
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from hashlib import sha256
from typing import Any

import orjson

from crawlers.decode import decode, storable
from crawlers.items import AdItem, AdKind, ContactItem, Extraction
from models.enums import ContactKind
from models.errors import Rejected

RECORD = "import_record"
JSON_LINE = "application/jsonl"
_DELIMITER_NAMES = {",": "comma", ";": "semicolon", "\t": "tab"}
MAX_FIELD_CHARACTERS = 1_000_000
# The module-wide default of 131 072 would refuse long ads; rows are read nowhere else in these processes.
csv.field_size_limit(MAX_FIELD_CHARACTERS)


class BadRecord(Rejected):
    """A record cannot be read; ``reason`` is a stable word with what is wrong."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"The record cannot be read: {reason}.", reason=reason)
        self.reason = reason


def read_record(body: bytes, content_type: str | None) -> Extraction:
    """Read a stored record as a page with one ad; what cannot be read is a problem, never an exception."""
    try:
        ad, notes = ad_of_record(fields_of_record(body, content_type))
    except BadRecord as bad:
        return Extraction(RECORD, is_complete=False, problems=(f"bad_record: {bad.reason}",))
    return Extraction(RECORD, (ad,), problems=notes)


def fields_of_record(body: bytes, content_type: str | None) -> dict[str, Any]:
    """Fields of a record by name.

    Raises:
        BadRecord: not JSON, no object, or no CSV row.
    """
    if content_type == JSON_LINE:
        return _json_fields(body)
    return _csv_fields(body, content_type or "")


def csv_content_type(delimiter: str, charset: str) -> str:
    """Content type that lets one row, stored behind the file's header line, be read again."""
    return f"text/csv; delimiter={_DELIMITER_NAMES[delimiter]}; charset={charset}"


def _json_fields(body: bytes) -> dict[str, Any]:
    try:
        fields = orjson.loads(body)
    except orjson.JSONDecodeError:
        fields = _lenient_json(body)
    if not isinstance(fields, dict):
        raise BadRecord("not_an_object")
    return fields


def _lenient_json(body: bytes) -> object:
    """Read what orjson refuses but people write: lone surrogates in escapes, a byte order mark."""
    try:
        return json.loads(body.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise BadRecord("not_utf8") from None
    except (ValueError, RecursionError):
        raise BadRecord("broken_json") from None


def _csv_fields(body: bytes, content_type: str) -> dict[str, Any]:
    text = decode(body, content_type).text.removeprefix("\ufeff")
    named = [mark for mark, name in _DELIMITER_NAMES.items() if f"delimiter={name}" in content_type]
    delimiter = named[0] if named else ","
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error:
        raise BadRecord("broken_csv") from None
    if len(rows) < 2:
        raise BadRecord("empty_row")
    names = [name.strip().lower() for name in rows[0]]
    if len(rows[1]) != len(names):
        raise BadRecord(f"{len(rows[1])}_columns_instead_of_{len(names)}")
    return dict(zip(names, rows[1], strict=True))


def ad_of_record(fields: dict[str, Any]) -> tuple[AdItem, tuple[str, ...]]:
    """The ad that a record's fields describe: ``text`` is needed, all else may be absent.

    A text that looks like a spreadsheet formula is only text here; what guards
    against it stands where files are written.

    Raises:
        BadRecord: no text, or a field of the wrong sort.
    """
    notes: list[str] = []
    text, title = _text(fields, "text", notes), _text(fields, "title", notes)
    if text is None and title is None:
        raise BadRecord("no_text")
    url = _text(fields, "url", notes)
    external_id = _external_id(fields, notes, url=url, content=f"{title or ''}\n{text or ''}")
    amount, currency = _price(fields, notes)
    kind = _text(fields, "kind", notes)
    ad = AdItem(
        external_id=external_id,
        url=url or f"import:{external_id}",
        title=title or "",
        text=text or "",
        author=_text(fields, "author", notes),
        contacts=_contacts(fields),
        region=_text(fields, "region", notes),
        price_amount=amount,
        price_currency=currency,
        published_at=_published_at(fields, notes),
        kind=AdKind(kind) if kind in set(AdKind) else None,
    )
    return ad, tuple(notes)


def _text(fields: dict[str, Any], name: str, notes: list[str]) -> str | None:
    value = fields.get(name)
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise BadRecord(f"{name}_is_no_text")
    if len(value) > MAX_FIELD_CHARACTERS:
        raise BadRecord(f"{name}_too_long")
    clean, problems = storable(value)
    notes += problems
    return clean.strip() or None


def _external_id(fields: dict[str, Any], notes: list[str], *, url: str | None, content: str) -> str:
    """Identity of a record: its id within its source, else its address, else what it says.

    A bare id counts only within one file: two files' number 1 are two ads, and
    must never become versions of one.
    """
    value = fields.get("external_id") or fields.get("id")
    if not isinstance(value, str | int | None):
        raise BadRecord("id_is_no_text")
    own = "" if value is None else storable(str(value))[0].strip()
    origin = _text(fields, "source", notes)
    if origin and own:
        return f"{origin}:{own}"
    return sha256((url or content).encode()).hexdigest()


def _price(fields: dict[str, Any], notes: list[str]) -> tuple[Decimal | None, str | None]:
    given, currency = fields.get("price"), fields.get("currency")
    value = given
    if isinstance(given, dict):
        value, currency = given.get("amount"), given.get("currency")
    if value is None or value == "":
        return None, None
    if isinstance(value, bool) or (isinstance(value, float) and not math.isfinite(value)):
        notes.append("price_unreadable")
        return None, None
    try:
        amount = Decimal(str(value).replace("\u00a0", "").replace(" ", "").replace(",", "."))
    except InvalidOperation:
        notes.append("price_unreadable")
        return None, None
    return amount, str(currency).strip().upper() if currency else None


def _published_at(fields: dict[str, Any], notes: list[str]) -> datetime | None:
    value = fields.get("published_at")
    if value is None or value == "":
        return None
    try:
        when = datetime.fromisoformat(str(value).strip())
        return (when if when.tzinfo else when.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        notes.append("published_at_unreadable")
        return None


def _contacts(fields: dict[str, Any]) -> tuple[ContactItem, ...]:
    found = []
    listed = fields.get("contacts")
    for entry in listed if isinstance(listed, list) else ():
        kind = entry.get("kind") if isinstance(entry, dict) else None
        if kind in set(ContactKind) and isinstance(entry.get("value"), str):
            found.append(ContactItem(ContactKind(kind), storable(entry["value"])[0].strip()))
    for kind in ContactKind:
        value = fields.get(kind.value)
        if isinstance(value, str | int) and not isinstance(value, bool) and str(value).strip():
            found.append(ContactItem(kind, storable(str(value))[0].strip()))
    return tuple(dict.fromkeys(found))
