"""Searching ads: the index finds, the database says what is shown."""

from collections.abc import Mapping, Sequence

from sqlalchemy.orm import Session

from index.engine import Hit, IndexDamaged, IndexMissing, IndexUnavailable, SearchEngine
from index.highlights import Segment
from index.queries import SearchQuery
from models.ad import Ad
from models.classification import Classification
from models.enums import ContactKind, ParseState, Purpose
from review_api.ads import repository
from review_api.ads.schemas import FoundAd, FoundPage, Piece, SearchForm, SearchState, Unread, UnreadPage
from review_api.masking import mask_value
from review_api.tasks.schemas import FacetValue

MAX_UNREAD_SHOWN = 50


class AdService:
    """Search over all ads, flagged or not."""

    def __init__(self, engine: SearchEngine) -> None:
        self._engine = engine

    def search(self, session: Session, form: SearchForm) -> FoundPage:
        """One page of results; an index that cannot be asked is a state, not an error.

        Raises:
            BadQuery: the question breaks a limit.
        """
        n_behind = repository.count_behind(session)
        query = SearchQuery(
            text=form.text,
            filters=form.filters,
            found_from=form.found_from,
            found_before=form.found_before,
            sort=form.sort,
            size=form.size,
            cursor=form.cursor,
        )
        try:
            page = self._engine.search(query)
        except (IndexUnavailable, IndexMissing, IndexDamaged) as error:
            return FoundPage((), 0, {}, None, SearchState(False, n_behind, error.code))
        return FoundPage(
            rows=_show_hits(session, page.hits),
            n_total=page.total,
            facets={
                facet: tuple(FacetValue(value.value, value.count) for value in values)
                for facet, values in page.facets.items()
            },
            next_cursor=page.next_cursor,
            state=SearchState(True, n_behind),
        )

    def search_state(self, session: Session) -> SearchState:
        """Whether search can be used now, for pages that only show it."""
        health = self._engine.health()
        n_behind = repository.count_behind(session)
        return SearchState(health.is_ready, n_behind, None if health.is_ready else "IndexUnavailable")

    def unread(self, session: Session) -> Unread:
        """Pages and texts that could not be read, with counts."""
        counts = repository.count_unread_pages(session)
        pages = repository.list_unread_pages(session, MAX_UNREAD_SHOWN)
        return Unread(
            n_pages_incomplete=counts.get(ParseState.PARSE_INCOMPLETE, 0),
            n_pages_failed=counts.get(ParseState.FAILED, 0),
            n_versions_unscored=repository.count_unscored(session),
            pages=tuple(
                UnreadPage(
                    page_id=page.id,
                    url=page.url,
                    source_title=page.source.title,
                    fetched_at=page.fetched_at,
                    parse_state=page.parse_state,
                    problems=tuple(page.parse_problems),
                )
                for page in pages
            ),
        )


def _show_hits(session: Session, hits: Sequence[Hit]) -> tuple[FoundAd, ...]:
    """Hits whose ad the database still has, filled from it; five queries however many there are."""
    ads = repository.load_ads(session, [hit.ad_id for hit in hits])
    classified = repository.load_classifications(
        session, [ad.current_version_id for ad in ads.values() if ad.current_version_id is not None]
    )
    purposes = repository.load_purposes(session, [found.id for found in classified.values()])
    tasks = repository.load_latest_tasks(session, list(ads))
    rows = []
    for hit in hits:
        ad = ads.get(hit.ad_id)
        if ad is None or ad.current_version_id is None:
            continue
        classification = classified.get(ad.current_version_id)
        rows.append(_show_ad(hit, ad, classification, purposes, tasks))
    return tuple(rows)


def _show_ad(
    hit: Hit,
    ad: Ad,
    classification: Classification | None,
    purposes: Mapping[int, Sequence[Purpose]],
    tasks: Mapping[int, tuple[int, str]],
) -> FoundAd:
    task = tasks.get(ad.id)
    return FoundAd(
        ad_id=ad.id,
        task_id=task[0] if task else None,
        case_number=task[1] if task else None,
        title=_pieces(hit.title),
        snippet=_pieces(hit.snippet),
        is_stale=hit.version != ad.revision,
        level=classification.level if classification else None,
        is_flagged=classification.is_flagged if classification else False,
        purposes=tuple(purposes.get(classification.id, ())) if classification else (),
        side=classification.side if classification else None,
        language=classification.language if classification else None,
        region=ad.current_version.region if ad.current_version else None,
        source_title=ad.source.title,
        source_kind=ad.source.kind,
        state=ad.state,
        first_seen_at=ad.first_seen_at,
        last_seen_at=ad.last_seen_at,
    )


def _pieces(segments: Sequence[Segment]) -> tuple[Piece, ...]:
    """The segments with contacts masked: search shows who advertises no more than the queue does."""
    return tuple(
        Piece(
            mask_value(ContactKind.PHONE, segment.text) if segment.is_contact else segment.text,
            segment.is_match,
        )
        for segment in segments
    )
