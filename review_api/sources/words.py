"""Codes of crawls in the reader's words. Pure."""

import re

from models.enums import AlarmKind
from review_api.i18n import Words
from review_api.sources.schemas import AlarmRow

_HTTP = re.compile(r"http_(\d{3})")


def error_words(words: Words, code: str | None) -> str | None:
    """What went wrong, in one sentence; None when nothing did."""
    if code is None:
        return None
    if status := _HTTP.fullmatch(code):
        return words.text("crawl_error.http", status=status[1])
    key = "crawl_error.process_ended" if code.startswith("crawl_process_ended") else f"crawl_error.{code}"
    return words.text(key) if words.has(key) else words.text("crawl_error.other", code=code)


def alarm_sentence(words: Words, alarm: AlarmRow) -> str:
    """An alarm with its numbers."""
    if alarm.kind is AlarmKind.DRIFT:
        page_object, _, name = alarm.subject.rpartition(".")
        shares = {key: words.number(round(100 * alarm.facts[key])) for key in ("usual", "recent")}
        return words.text("alarm.drift", field=field_word(words, name), page_object=page_object, **shares)
    if alarm.kind is AlarmKind.SILENT:
        spans = {key: words.span(alarm.facts[f"{key}_seconds"]) for key in ("silent", "usual")}
        return words.text("alarm.silent", **spans)
    if alarm.kind is AlarmKind.OVERDUE:
        return words.text("alarm.overdue", n=words.number(alarm.facts["n_slots"]))
    if alarm.kind is AlarmKind.NO_BROWSER:
        return words.text("alarm.no_browser")
    return words.text("alarm.shut_out", host=alarm.subject)


def field_word(words: Words, name: str) -> str:
    """The name of an extracted field."""
    return words.text(f"extracted.{name}") if words.has(f"extracted.{name}") else name
