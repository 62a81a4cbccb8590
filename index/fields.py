"""The flat form in which both engines store a document, and how a stored one is shown."""

from collections.abc import Mapping, Sequence
from typing import TypedDict

from index.documents import SearchDocument
from index.highlights import MarkedText, Segment, highlight
from index.queries import Facet, PreparedQuery
from index.terms import TokenisedText, pack_spans, unpack_spans
from models.enums import TextPlace

NUMBER_FIELDS = ("id", "version", "severity_key", "newest_key", "found_at")
TERM_FIELDS = ("title_terms", "text_terms", "title_words", "text_words")
KEYWORD_FIELDS = (*(facet.value for facet in Facet), "contacts")
DISPLAY_FIELD = "display"
TITLE_LENGTH = 300


class DisplayedText(TypedDict):
    """A title or text with what is needed to mark it; terms and packed spans are parallel."""

    text: str
    terms: str
    spans: str
    contacts: str


Display = Mapping[str, DisplayedText]
"""By ``TextPlace`` value."""


def fields_of(document: SearchDocument) -> dict[str, int | str | list[str]]:
    """Return the searchable fields; terms are joined by single blanks."""
    title, text = document.title_tokens, document.text_tokens
    return {
        **{name: getattr(document, name) for name in NUMBER_FIELDS},
        "title_terms": " ".join(title.terms),
        "text_terms": " ".join(text.terms),
        "title_words": " ".join(title.words),
        "text_words": " ".join(text.words),
        "contacts": list(document.contacts),
        **{facet.value: list(values) for facet, values in document.facets.items()},
    }


def display_of(document: SearchDocument) -> dict[str, DisplayedText]:
    """Return what result lists show of a document."""
    return {
        TextPlace.TITLE.value: _displayed(
            document.title, document.title_tokens, document.contact_spans[TextPlace.TITLE]
        ),
        TextPlace.TEXT.value: _displayed(
            document.text, document.text_tokens, document.contact_spans[TextPlace.TEXT]
        ),
    }


def _displayed(text: str, tokens: TokenisedText, contacts: Sequence[tuple[int, int]]) -> DisplayedText:
    return DisplayedText(
        text=text,
        terms=" ".join(tokens.terms),
        spans=pack_spans(tokens.spans),
        # Contacts may overlap (a link that holds a handle), so their gaps may be negative: that is fine.
        contacts=pack_spans(tuple(contacts)),
    )


def show(display: Display, query: PreparedQuery) -> tuple[tuple[Segment, ...], tuple[Segment, ...]]:
    """Return the marked title and the marked window of the text."""
    return (
        highlight(_marked(display[TextPlace.TITLE]), query, length=TITLE_LENGTH),
        highlight(_marked(display[TextPlace.TEXT]), query),
    )


def _marked(shown: DisplayedText) -> MarkedText:
    return MarkedText(
        text=shown["text"],
        terms=shown["terms"].split(" ") if shown["terms"] else (),
        spans=unpack_spans(shown["spans"]),
        contacts=unpack_spans(shown["contacts"]),
    )
