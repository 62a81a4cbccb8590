"""The three files of a release: CSV and XLSX for people, JSON for machines.

Everything from an ad is hostile to a spreadsheet. For people a cell that would
start a formula gets a leading apostrophe (counting TAB and CR in: a bare TAB
prefix became dangerous itself, Symfony CVE-2021-41270), and XLSX cells are
strings only. For machines see ``lines.machine_line``.
"""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone
from functools import cache
from pathlib import Path
from typing import Any

import xlsxwriter  # type: ignore[import-untyped]  # ships no types
import yaml

from review_api.blocklist.lines import ListLine

WORDS_FILE = Path(__file__).with_name("words.yaml")
JSON_FORMAT = "saqshy-blocklist/1"
KAZAKHSTAN = timezone(timedelta(hours=5))
MAX_CELL_LENGTH = 32_767
FORMULA_STARTS = frozenset("=+-@\t\r\n|%＝＋－＠")
_A3 = 8
COLUMN_WIDTHS = {"url": 60, "title": 40, "quote": 60, "comment_kk": 50, "comment_ru": 50}


@cache
def words() -> Mapping[str, Mapping[str, Mapping[str, str]]]:
    """Headings, names of values and the two sentences of the comment, in kk, ru and en."""
    data: Mapping[str, Mapping[str, Mapping[str, str]]] = yaml.safe_load(
        WORDS_FILE.read_text(encoding="utf-8")
    )
    return data


def safe_cell(value: str) -> str:
    """A cell that no spreadsheet takes for a formula, without characters that it cannot hold."""
    text = "".join(
        "\ufffd" if (ord(c) < 0x20 and c not in "\n\t\r") or 0xD800 <= ord(c) < 0xE000 else c for c in value
    )
    if text.lstrip(" \u00a0\ufeff")[:1] in FORMULA_STARTS and text.strip(" \u00a0\ufeff"):
        text = "'" + text
    return text if len(text) <= MAX_CELL_LENGTH else text[: MAX_CELL_LENGTH - 1] + "…"


def people_row(line: ListLine) -> dict[str, str]:
    """The line in words: kk and ru side by side, times in UTC+5."""
    comment = {
        language: words()["comment"]["sentence"][language].format(
            purposes=", ".join(_name("purpose", purpose, language) for purpose in line.purposes)
        )
        for language in ("kk", "ru")
    }
    return {
        "entry_id": str(line.entry_id),
        "case_number": line.case_number,
        "title": line.title,
        "url": line.url,
        "scope": _both("scope", line.scope),
        "resource_type": _both("resource_type", "internet"),
        "resource": line.source_title,
        "language": line.language.value,
        "comment_kk": comment["kk"],
        "comment_ru": comment["ru"],
        "court_decision": _both("yes_no", "yes" if line.is_court_decision else "no"),
        "group": _both("group", line.group),
        "evidence_sha256": line.evidence_sha256 or "",
        "content_sha256": line.content_sha256,
        "quote": line.quote,
        "indicators": ", ".join(line.indicators),
        "priority": f"{line.priority:.2f}",
        "found_at": _local(line.found_at),
        "last_checked_at": _local(line.last_checked_at),
        "is_alive": _both("yes_no", "yes" if line.is_alive else "no"),
        "purposes": "; ".join(_both("purpose", purpose) for purpose in line.purposes),
        "side": _both("side", line.side),
        "is_minor": _both("yes_no", "yes" if line.is_minor else "no"),
        "law": _law(line),
        "confirmed_by": line.confirmed_by,
        "confirmed_at": _local(line.confirmed_at),
        "confirm_reason": line.confirm_reason,
        "approved_by": line.approved_by,
        "approved_at": _local(line.approved_at),
        "approve_reason": line.approve_reason,
        "listed_at": _local(line.listed_at),
        "expires_at": _local(line.expires_at),
    }


def headings() -> list[str]:
    """The first row of the files for people: Kazakh and Russian."""
    return [f"{names['kk']} / {names['ru']}" for names in words()["column"].values()]


def make_csv(lines: Sequence[ListLine]) -> bytes:
    """CSV with ``;``, every cell quoted, CRLF, UTF-8 with a byte order mark."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=";", quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(headings())
    for line in lines:
        row = people_row(line)
        writer.writerow([safe_cell(row[column]) for column in words()["column"]])
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def make_xlsx(lines: Sequence[ListLine], *, number: int, created_at: datetime) -> bytes:
    """A workbook of one sheet, strings only."""
    out = io.BytesIO()
    options: dict[str, Any] = {  # Any: xlsxwriter's own options
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with xlsxwriter.Workbook(out, options) as book:
        book.set_properties({"title": f"Saqshy {number:06d}", "created": created_at.replace(tzinfo=None)})
        sheet = book.add_worksheet(f"{number:06d}")
        bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
        wrapped = book.add_format({"text_wrap": True, "valign": "top"})
        sheet.freeze_panes(1, 0)
        _lay_out_print(sheet)
        columns = list(words()["column"])
        for place, (column, heading) in enumerate(zip(columns, headings(), strict=True)):
            sheet.set_column(place, place, COLUMN_WIDTHS.get(column, 20))
            sheet.write_string(0, place, heading, bold)
        for number_of_row, line in enumerate(lines, 1):
            row = people_row(line)
            for place, column in enumerate(columns):
                sheet.write_string(number_of_row, place, safe_cell(row[column]), wrapped)
        sheet.autofilter(0, 0, max(1, len(lines)), len(columns) - 1)
    return out.getvalue()


def _lay_out_print(sheet: xlsxwriter.worksheet.Worksheet) -> None:
    """Printed on A3 across, all columns on one page, headings on each."""
    sheet.set_landscape()
    sheet.set_paper(_A3)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
    sheet.set_footer("&C&P / &N")


def make_json(
    machine_lines: Sequence[Mapping[str, object]],
    *,
    number: int,
    created_at: datetime,
    added: Sequence[int],
    removed: Sequence[Mapping[str, object]],
) -> bytes:
    """JSON with sorted keys; ``added`` and ``removed`` are the difference to the release before."""
    document = {
        "format": JSON_FORMAT,
        "number": number,
        "created_at": created_at.isoformat(timespec="seconds"),
        "headings": words()["column"],
        "entries": machine_lines,
        "added": list(added),
        "removed": list(removed),
    }
    return json.dumps(document, ensure_ascii=False, sort_keys=True, indent=1).encode() + b"\n"


def _name(group: str, value: str, language: str) -> str:
    return words()[group][str(value)][language]


def _both(group: str, value: str) -> str:
    return f"{_name(group, value, 'kk')} / {_name(group, value, 'ru')}"


def _law(line: ListLine) -> str:
    supposed = words()["comment"]["supposed"]
    return " / ".join(
        f"{line.law[language]} ({supposed[language]})" for language in ("kk", "ru") if language in line.law
    )


def _local(moment: datetime) -> str:
    return f"{moment.astimezone(KAZAKHSTAN):%d.%m.%Y %H:%M} (UTC+5)"
