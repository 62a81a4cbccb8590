"""What search and the list of unread ads show."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from index.queries import Facet, Sort
from models.enums import AdState, Language, Level, ParseState, PictureProblem, Purpose, Side, SourceKind
from review_api.tasks.schemas import FacetValue


class SearchForm(BaseModel):
    """A question; see ``index.queries.SearchQuery`` for what the text may hold."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"text": "работа в корее", "filters": {"level": ["high", "urgent"]}, "sort": "severity"}
            ]
        },
    )

    text: Annotated[str, Field(max_length=4000)] = ""
    filters: Mapping[Facet, tuple[Annotated[str, Field(max_length=200)], ...]] = Field(default_factory=dict)
    found_from: AwareDatetime | None = None
    found_before: AwareDatetime | None = None
    sort: Sort = Sort.SEVERITY
    size: Annotated[int, Field(ge=1, le=100)] = 20
    cursor: Annotated[str | None, Field(max_length=1000)] = None


@dataclass(frozen=True)
class Piece:
    """A run of a found text; joined, the pieces are the text with its contacts masked."""

    text: str
    is_match: bool


@dataclass(frozen=True)
class FoundAd:
    """One ad that matched: found by the index, shown as the database has it now.

    ``level``, ``side``, ``language`` are None while the present text is not
    classified. ``is_stale``: the ad has changed since the index saw it.
    """

    ad_id: int
    task_id: int | None
    case_number: str | None
    title: tuple[Piece, ...]
    snippet: tuple[Piece, ...]
    is_stale: bool
    level: Level | None
    is_flagged: bool
    purposes: tuple[Purpose, ...]
    side: Side | None
    language: Language | None
    region: str | None
    source_name: str
    source_title: str
    source_kind: SourceKind
    state: AdState
    first_seen_at: datetime
    last_seen_at: datetime


@dataclass(frozen=True)
class SearchState:
    """Whether the index can be asked, and by how many ads it is behind the database.

    ``problem`` is the code of the error when it cannot: ``IndexUnavailable``,
    ``IndexMissing`` or ``IndexDamaged``.
    """

    is_available: bool
    n_behind: int
    problem: str | None = None


@dataclass(frozen=True)
class FoundPage:
    """Results with their facets, and how far they can be trusted.

    ``n_total`` and ``facets`` count the whole result, as the index has it; when
    the index cannot be asked there are no rows and ``state`` says so.
    """

    rows: tuple[FoundAd, ...]
    n_total: int
    facets: Mapping[Facet, tuple[FacetValue, ...]]
    next_cursor: str | None
    state: SearchState


@dataclass(frozen=True)
class UnreadPage:
    """A stored page that could not be read whole: never counted as clean."""

    page_id: int
    url: str
    source_name: str
    source_title: str
    fetched_at: datetime
    parse_state: ParseState
    problems: tuple[str, ...]


@dataclass(frozen=True)
class UnreadPictures:
    """Pictures of ads that were not read, or not whole, for one reason; ``problem`` None: they wait."""

    problem: PictureProblem | None
    n: int


@dataclass(frozen=True)
class Unscored:
    """Why ads wait unscored, as a code, and how many do."""

    reason: str
    n: int


@dataclass(frozen=True)
class UnscoredAd:
    """An ad whose present text no classifier has read; what it says is not shown here."""

    ad_id: int
    url: str
    source_name: str
    source_title: str
    observed_at: datetime
    reason: str


@dataclass(frozen=True)
class Unread:
    """What the machine could not read, with counts; ``pages`` and ``unscored_ads`` are the latest."""

    n_pages_incomplete: int
    n_pages_failed: int
    n_versions_unscored: int
    pages: tuple[UnreadPage, ...]
    unscored: tuple[Unscored, ...] = ()
    unscored_ads: tuple[UnscoredAd, ...] = ()
    pictures: tuple[UnreadPictures, ...] = ()
