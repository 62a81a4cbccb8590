"""One flat search document per ad, a pure function of its rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from index.queries import MAX_VALUE_LENGTH, Facet, Flag
from index.terms import MAX_CONTACT_LENGTH, TokenisedText, contact_key, tokenise_for_search
from models.ad import Ad, AdVersion
from models.classification import MIN_PURPOSE_SCORE, Classification
from models.enums import LEVELS_BY_SEVERITY, Level, Purpose, TaskState, TextPlace

MAX_KEYWORD_LENGTH = MAX_CONTACT_LENGTH

# Layout of the two sort keys, both below 2**63: every ad has its own, so that a page ends at exactly one ad.
_ID_BITS_SEVERITY, _ID_BITS_NEWEST = 40, 31
_PRIORITY_STEPS = 1_000_000


@dataclass(frozen=True)
class ContactSpot:
    """A contact of an ad: its value, and where it stands in the text if it does."""

    value: str
    place: TextPlace | None = None
    start: int | None = None
    end: int | None = None


@dataclass(frozen=True)
class AdFacts:
    """Rows around an ad that its document is made of.

    Attributes:
        version: the ad's present text; None before the first was stored.
        classification: by the classifier version that last read the present text.
        indicators: codes of the hits that count, counter-signs left out.
        scores: probability per purpose.
        contacts: of the present text.
        task_state: of the newest review task.
    """

    version: AdVersion | None = None
    classification: Classification | None = None
    indicators: frozenset[str] = frozenset()
    scores: Mapping[Purpose, float] = field(default_factory=dict)
    contacts: Sequence[ContactSpot] = ()
    task_state: TaskState | None = None


@dataclass(frozen=True)
class SearchDocument:
    """What the index keeps of an ad.

    Attributes:
        id: ``Ad.id``.
        version: ``Ad.revision``.
        title: as written.
        text: as written, and after it the words that were recognised in the ad's pictures.
        facets: values per filterable field; an empty one is left out.
        contacts: keys by which the ad is found (see ``index.terms.contact_key``).
        contact_spans: where contacts stand in title and text, for screens that mask them.
        found_at: first seen, seconds since 1970.
        level: None while the present text is not classified.
        priority: 0 to 1.
    """

    id: int
    version: int
    title: str
    text: str
    facets: Mapping[Facet, tuple[str, ...]]
    contacts: tuple[str, ...]
    contact_spans: Mapping[TextPlace, tuple[tuple[int, int], ...]]
    found_at: int
    level: Level | None
    priority: float

    @cached_property
    def title_tokens(self) -> TokenisedText:
        """Terms of the title."""
        return tokenise_for_search(self.title)

    @cached_property
    def text_tokens(self) -> TokenisedText:
        """Terms of the text."""
        return tokenise_for_search(self.text)

    @property
    def severity_key(self) -> int:
        """Level, then priority, then id in one number; greater is more serious."""
        rank = 0 if self.level is None else LEVELS_BY_SEVERITY.index(self.level) + 1
        steps = round(self.priority * _PRIORITY_STEPS)
        return (rank << 60) | (steps << _ID_BITS_SEVERITY) | self.id

    @property
    def newest_key(self) -> int:
        """Second of the first sighting, then id in one number; greater is newer."""
        return (self.found_at << _ID_BITS_NEWEST) | self.id


def build_document(ad: Ad, facts: AdFacts) -> SearchDocument:
    """Build the document of an ad from its rows; asks the database nothing.

    Args:
        ad: with its source loaded.
        facts: what stands around it.
    """
    version, classification = facts.version, facts.classification
    return SearchDocument(
        id=ad.id,
        version=ad.revision,
        title=version.title if version else "",
        text=_whole_text(version) if version else "",
        facets={facet: values for facet, values in _facets(ad, facts).items() if values},
        contacts=tuple(sorted({key for contact in facts.contacts if (key := contact_key(contact.value))})),
        contact_spans={
            TextPlace.TITLE: _spans(facts.contacts, TextPlace.TITLE),
            TextPlace.TEXT: (
                *_spans(facts.contacts, TextPlace.TEXT),
                *_spans(facts.contacts, TextPlace.PICTURE, after=_pictures_start(version) if version else 0),
            ),
        },
        found_at=_whole_seconds(ad.first_seen_at),
        level=classification.level if classification else None,
        priority=classification.priority if classification else 0.0,
    )


def _facets(ad: Ad, facts: AdFacts) -> dict[Facet, tuple[str, ...]]:
    found, region = facts.classification, facts.version.region if facts.version else None
    values: dict[Facet, tuple[str, ...]] = {
        Facet.SOURCE: (ad.source.name,),
        Facet.SOURCE_KIND: (ad.source.kind.value,),
        Facet.REGION: (region.strip()[:MAX_VALUE_LENGTH],) if region and region.strip() else (),
        Facet.AD_STATE: (ad.state.value,),
        Facet.CLUSTER: (str(ad.cluster_id),) if ad.cluster_id is not None else (),
        Facet.TASK_STATE: (facts.task_state.value,) if facts.task_state else (),
    }
    if found is None:
        return values
    return values | {
        Facet.LEVEL: (found.level.value,),
        Facet.SIDE: (found.side.value,),
        Facet.LANGUAGE: (found.language.value,),
        Facet.FLAG: ((Flag.FLAGGED if found.is_flagged else Flag.CLEAR).value,),
        Facet.INDICATOR: tuple(sorted(facts.indicators)),
        Facet.PURPOSE: tuple(
            sorted(p.value for p, score in facts.scores.items() if score >= MIN_PURPOSE_SCORE)
        ),
    }


def _whole_text(version: AdVersion) -> str:
    """The text, and after it the words of the pictures: a question finds an ad by either."""
    return f"{version.text}\n{version.picture_text}" if version.picture_text else version.text


def _pictures_start(version: AdVersion) -> int:
    return len(version.text) + 1


def _spans(
    contacts: Sequence[ContactSpot], place: TextPlace, *, after: int = 0
) -> tuple[tuple[int, int], ...]:
    return tuple(
        sorted(
            (after + contact.start, after + contact.end)
            for contact in contacts
            if contact.place is place and contact.start is not None and contact.end is not None
        )
    )


def _whole_seconds(moment: datetime) -> int:
    """Seconds since 1970, kept within what the sort key holds (until 2106)."""
    return min(max(int(moment.timestamp()), 0), 2**32 - 1)


def find_problem(document: SearchDocument) -> str | None:
    """Say why no engine could hold this document; None when all is well.

    Checked before any engine sees it, because one wrong value can end a whole
    batch: a lone surrogate breaks the request's encoding, a number of the wrong
    kind kills tantivy's writer thread with all that was not committed.
    """
    if not (_is_whole(document.id) and 0 < document.id < 2**_ID_BITS_NEWEST):
        return "the id is no whole number between 1 and 2**31"
    if not (_is_whole(document.version) and 0 < document.version < 2**62):
        return "the version is no positive whole number"
    if not (_is_whole(document.found_at) and 0 <= document.found_at < 2**32):
        return "the time of the first sighting is out of range"
    if not 0.0 <= document.priority <= 1.0:
        return "the priority is outside 0 to 1"
    keywords = [*document.contacts, *(value for values in document.facets.values() for value in values)]
    if any(not keyword or len(keyword) > MAX_KEYWORD_LENGTH for keyword in keywords):
        return f"a value is empty or longer than {MAX_KEYWORD_LENGTH} characters"
    if any(_has_lone_surrogate(part) for part in (document.title, document.text, *keywords)):
        return "the text holds lone surrogates, which no encoding can store"
    return None


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _has_lone_surrogate(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False
