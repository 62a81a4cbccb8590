"""What people bring becomes runs that go first, or a record of their words; its answer stands on its row."""

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from hashlib import sha256

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crawlers.bytes_first import ByteKeeper, evidence_ids
from crawlers.frontier import NewRequest, add_requests
from crawlers.inserting import insert_missing
from crawlers.records import JSON_LINE, RECORD
from crawlers.schedule import WITHOUT_SLOTS
from crawlers.sources_config import SourceConfig, config_of
from models.blobs import BlobStore
from models.crawl import FrontierRequest, Page, Source
from models.enums import (
    FetchResult,
    HandInState,
    ParseState,
    RequestKind,
    RequestState,
    RunKind,
    SourceKind,
    check_transition,
)
from models.hand_in import HandIn
from models.leases import JobReport
from models.runs import add_run
from models.session import Database

HANDED_IN_SOURCE = "handed_in"
SOURCE_OFF, SOURCE_PAUSED = "source_off", "source_paused"
_AT_ONCE = 200


class HandInDesk:
    """Starts what waits and notes the answers of what was started; safe to repeat, and by many at once.

    It looks first and writes only when something is new: an address or words that
    nobody has looked at, an answer that has come, or sources that stand otherwise
    than when the addresses waiting for them were looked at last.
    """

    def __init__(self, db: Database, store: BlobStore) -> None:
        self._db, self._store = db, store
        self._sources: _SourceStates | None = None

    def take(self, now: datetime) -> JobReport:
        """Do all that there is to do now."""
        with self._db.read() as session:
            sources = _source_states(session)
            has_addresses = _has_addresses(session, is_anew=sources != self._sources)
            has_answers = session.scalar(_ANSWERED.limit(1)) is not None
            has_words = session.scalar(_WORDS.limit(1)) is not None
        n_done = 0
        if has_addresses or has_answers:
            with self._db.write() as session:
                n_done = _note_answers(session, now) + _start_addresses(session, now)
        self._sources = sources
        if has_words:
            n_done += _keep_words(self._db, self._store, now)
        return JobReport(n_done)


_SourceStates = Sequence[tuple[int, bool, datetime | None, str]]


def _source_states(session: Session) -> _SourceStates:
    """All that decides whether an address can be asked for."""
    rows = session.execute(
        select(Source.id, Source.is_enabled, Source.paused_at, Source.settings_sha256).order_by(Source.id)
    )
    return [(row[0], row[1], row[2], row[3]) for row in rows]


def _has_addresses(session: Session, *, is_anew: bool) -> bool:
    """Whether an address waits that nobody has looked at; ``is_anew``: those looked at count too."""
    query = select(HandIn.id).where(HandIn.state == HandInState.WAITING, HandIn.url.is_not(None)).limit(1)
    return session.scalar(query if is_anew else query.where(HandIn.why.is_(None))) is not None


def _start_addresses(session: Session, now: datetime) -> int:
    """One run per source for all that waits for it; where the source is off it waits, with its reason."""
    groups: dict[int, list[HandIn]] = defaultdict(list)
    known: list[tuple[Source, SourceConfig]] | None = None
    for item in _waiting_addresses(session):
        known = _known_sources(session) if known is None else known
        source = _source_of(item.url or "", known) or handed_in_source(session, now)
        if source.is_crawled:
            groups[source.id].append(item)
        else:
            item.why = SOURCE_PAUSED if source.paused_at else SOURCE_OFF
    for source_id, items in groups.items():
        _start_run(session, source_id, items, now)
    return sum(map(len, groups.values()))


def _waiting_addresses(session: Session) -> Iterator[HandIn]:
    """All of them, oldest first: those whose source is off stand in nobody's way."""
    last_id = 0
    while items := session.scalars(
        select(HandIn)
        .where(HandIn.state == HandInState.WAITING, HandIn.url.is_not(None), HandIn.id > last_id)
        .order_by(HandIn.id)
        .limit(_AT_ONCE)
        .with_for_update()
    ).all():
        last_id = items[-1].id
        yield from items


def _known_sources(session: Session) -> list[tuple[Source, SourceConfig]]:
    sources = session.scalars(select(Source).where(Source.kind.not_in(WITHOUT_SLOTS)).order_by(Source.id))
    return [(source, config_of(source)) for source in sources]


def _source_of(url: str, known: Sequence[tuple[Source, SourceConfig]]) -> Source | None:
    """The source that an address belongs to: one that is crawled before one that is not."""
    on_site = [source for source, config in known if config.is_on_site(url)]
    # Channels share their platform: what none of them covers belongs to no source of its own.
    on_site = [source for source in on_site if source.kind is not SourceKind.CHANNEL or _covers(source, url)]
    return next((source for source in on_site if source.is_crawled), on_site[0] if on_site else None)


def _covers(source: Source, url: str) -> bool:
    return any(url == start or url.startswith(f"{start}/") for start in config_of(source).start)


def _start_run(session: Session, source_id: int, items: Sequence[HandIn], now: datetime) -> None:
    run = add_run(session, source_id, RunKind.HANDED_IN, now)
    wanted = [NewRequest(item.url or "", RequestKind.HANDED_IN) for item in items]
    add_requests(session, run.id, wanted, max_pages=len(wanted), now=now)
    for item in items:
        item.state = check_transition(item.state, HandInState.UNDERWAY)
        item.crawl_run_id, item.why = run.id, None


def handed_in_source(session: Session, now: datetime) -> Source:
    """The source of addresses that belong to no other; made with the first of them."""
    config = SourceConfig.model_validate(
        {
            "name": HANDED_IN_SOURCE,
            "kind": SourceKind.HANDED_IN,
            "title": "Handed in",
            "start": ["http://handed-in.invalid/"],
            "schedule": {"every_minutes": 60 * 24},
        }
    )
    row = {
        "name": config.name,
        "kind": config.kind,
        "title": config.title,
        "settings": config.model_dump(mode="json"),
        "settings_sha256": sha256(config.model_dump_json().encode()).hexdigest(),
        "is_enabled": True,
        "created_at": now,
    }
    insert_missing(session, Source, [row])
    return session.scalars(select(Source).where(Source.name == HANDED_IN_SOURCE)).one()


# What was started and has its answer: fetched and read, or not to be had.
_ANSWERED = (
    select(HandIn, FrontierRequest)
    .join(
        FrontierRequest,
        (FrontierRequest.crawl_run_id == HandIn.crawl_run_id)
        & (FrontierRequest.url_sha256 == HandIn.url_sha256),
    )
    .outerjoin(Page, FrontierRequest.page_id == Page.id)
    .where(
        HandIn.state == HandInState.UNDERWAY,
        FrontierRequest.state.in_((RequestState.DONE, RequestState.FAILED)),
        func.coalesce(Page.parse_state, ParseState.NOT_PARSED) != ParseState.PENDING,
    )
)
_WORDS = select(HandIn).where(HandIn.state == HandInState.WAITING, HandIn.url.is_(None)).order_by(HandIn.id)


def _note_answers(session: Session, now: datetime) -> int:
    rows = session.execute(_ANSWERED.limit(_AT_ONCE)).all()
    for item, request in rows:
        item.state = check_transition(item.state, HandInState.ANSWERED)
        item.result, item.page_id, item.answered_at = request.result, request.page_id, now
        item.why = request.error
    return len(rows)


def _keep_words(db: Database, store: BlobStore, now: datetime) -> int:
    """A caller's words without an address become a record, read like any other text."""
    with db.read() as session:
        waiting = session.scalars(_WORDS.limit(_AT_ONCE)).all()
    bodies = [_record(item) for item in waiting]
    with ByteKeeper(store) as keeper:
        blobs = keeper.keep(bodies)
    with db.write() as session:
        source = handed_in_source(session, now)
        evidence = evidence_ids(session, blobs, [item.handed_in_at for item in waiting])
        rows = [
            _page_row(item, source.id, evidence[blob.sha256])
            for item, blob in zip(waiting, blobs, strict=True)
        ]
        insert_missing(session, Page, rows)
        found = session.execute(
            select(Page.import_key, Page.id).where(Page.import_key.in_(list(map(_key, waiting))))
        )
        pages = {row.import_key: row.id for row in found}
        held = session.scalars(
            select(HandIn).where(
                HandIn.id.in_([item.id for item in waiting]), HandIn.state == HandInState.WAITING
            )
        )
        for item in held:
            check_transition(item.state, HandInState.UNDERWAY)
            item.state = HandInState.ANSWERED
            item.page_id, item.result, item.answered_at = pages[_key(item)], FetchResult.PAGE, now
    return len(waiting)


def _record(item: HandIn) -> bytes:
    fields = {"source": "hand_in", "id": str(item.id), "text": item.words, "region": item.region or None}
    return json.dumps(fields, ensure_ascii=False).encode()


def _key(item: HandIn) -> str:
    return sha256(f"hand_in:{item.id}".encode()).hexdigest()


def _page_row(item: HandIn, source_id: int, evidence_id: int) -> dict[str, object]:
    url = f"import:hand_in:{item.id}"
    return {
        "source_id": source_id,
        "url": url,
        "url_sha256": sha256(url.encode()).hexdigest(),
        "final_url": url,
        "fetched_at": item.handed_in_at,
        "headers": {},
        "content_type": JSON_LINE,
        "result": FetchResult.PAGE,
        "evidence_id": evidence_id,
        "page_object": RECORD,
        "import_key": _key(item),
    }
