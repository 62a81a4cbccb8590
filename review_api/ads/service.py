"""Searching ads: the index finds, the database says what is shown."""

from collections.abc import Mapping, Sequence

from sqlalchemy.orm import Session

from index.engine import Hit, IndexDamaged, IndexMissing, IndexUnavailable, SearchEngine
from index.highlights import SNIPPET_LENGTH, Segment
from index.queries import SearchQuery
from models.ad import Ad
from models.classification import Classification
from models.enums import ContactKind, ParseState, Purpose, TextPlace
from models.unscored import count_unscored, list_unscored
from review_api.ads import repository
from review_api.ads.names import read_addresses, read_case_number
from review_api.ads.schemas import (
    FoundAd,
    FoundPage,
    Piece,
    SearchForm,
    SearchState,
    Unread,
    UnreadPage,
    UnreadPictures,
    Unscored,
    UnscoredAd,
)
from review_api.masking import ContactSpot, mask_text, mask_value
from review_api.tasks.rows import find_contacts
from review_api.tasks.schemas import FacetValue

MAX_UNREAD_SHOWN = 50
MAX_NAMED_SHOWN = 50


class AdService:
    """Search over all ads, flagged or not."""

    def __init__(self, engine: SearchEngine) -> None:
        self._engine = engine

    def search(self, session: Session, form: SearchForm) -> FoundPage:
        """One page of results; an index that cannot be asked is a state, not an error.

        The number of a case or the address of an ad finds that ad, without the index.

        Raises:
            BadQuery: the question breaks a limit.
        """
        n_behind = repository.count_behind(session)
        named = self.find_named(session, form.text)
        if named:
            return FoundPage(named, len(named), {}, None, SearchState(True, n_behind))
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

    def find_case(self, session: Session, text: str) -> int | None:
        """Id of the one case that a text names, by its number or by the address of its ad."""
        number = read_case_number(text)
        if number is not None:
            task = repository.find_case(session, number)
            return None if task is None else task.id
        named = self.find_named(session, text)
        return named[0].task_id if len(named) == 1 else None

    def find_named(self, session: Session, text: str) -> tuple[FoundAd, ...]:
        """The ads that a text names by the number of a case or by their address; empty if it names none."""
        number, urls = read_case_number(text), read_addresses(text)
        if number is not None:
            task = repository.find_case(session, number)
            ids = [] if task is None else [task.ad_id]
        else:
            ids = repository.find_ads_at(session, urls, MAX_NAMED_SHOWN) if urls else []
        ads = repository.load_ads(session, ids)
        versions = [ad.current_version for ad in ads.values() if ad.current_version is not None]
        spots = find_contacts(session, [version.id for version in versions])
        hits = [_name_hit(ads[ad_id], spots) for ad_id in ids if ads[ad_id].current_version is not None]
        return _show_hits(session, hits)

    def search_state(self, session: Session) -> SearchState:
        """Whether search can be used now, for pages that only show it."""
        health = self._engine.health()
        n_behind = repository.count_behind(session)
        return SearchState(health.is_ready, n_behind, None if health.is_ready else "IndexUnavailable")

    def unscored(self, session: Session) -> tuple[Unscored, ...]:
        """Why ads wait unscored, and how many, most first."""
        return tuple(Unscored(reason, n) for reason, n in count_unscored(session))

    def unread(self, session: Session) -> Unread:
        """Pages and texts that could not be read, with counts."""
        counts = repository.count_unread_pages(session)
        pages = repository.list_unread_pages(session, MAX_UNREAD_SHOWN)
        unscored = self.unscored(session)
        return Unread(
            n_pages_incomplete=counts.get(ParseState.PARSE_INCOMPLETE, 0),
            n_pages_failed=counts.get(ParseState.FAILED, 0),
            n_versions_unscored=sum(waiting.n for waiting in unscored),
            unscored=unscored,
            pictures=tuple(UnreadPictures(*row) for row in repository.count_unread_pictures(session)),
            unscored_ads=tuple(
                UnscoredAd(
                    ad_id=version.ad_id,
                    url=version.url,
                    source_name=version.ad.source.name,
                    source_title=version.ad.source.title,
                    observed_at=version.observed_at,
                    reason=version.error or "",
                )
                for version in list_unscored(session, MAX_UNREAD_SHOWN)
            ),
            pages=tuple(
                UnreadPage(
                    page_id=page.id,
                    url=page.url,
                    source_name=page.source.name,
                    source_title=page.source.title,
                    fetched_at=page.fetched_at,
                    parse_state=page.parse_state,
                    problems=tuple(page.parse_problems),
                )
                for page in pages
            ),
        )


def _name_hit(ad: Ad, spots: Mapping[int, Sequence[ContactSpot]]) -> Hit:
    """An ad that was named, as the index would give it; nothing in it is a match."""
    version = ad.current_version
    if version is None:
        raise ValueError("an ad without a text cannot be shown")
    title = mask_text(version.title, TextPlace.TITLE, spots[version.id])
    text = mask_text(version.text, TextPlace.TEXT, spots[version.id])[:SNIPPET_LENGTH]
    return Hit(ad.id, ad.revision, 0, *(_plain(part) for part in (title, text)))


def _plain(text: str) -> tuple[Segment, ...]:
    return (Segment(text, 0, is_match=False, is_contact=False),) if text else ()


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
        source_name=ad.source.name,
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
