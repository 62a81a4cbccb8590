"""Figures for a monitoring system, in Prometheus' text form; nothing of any ad or person is in them."""

import hmac
from collections.abc import Iterator, Mapping
from typing import Annotated

from fastapi import APIRouter, Request, Response
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models.crawl import CrawlRun, Page, Source
from models.enums import ParseState
from models.errors import NotFound
from models.hand_in import HandIn
from models.watch import Alarm, BlindSpot
from review_api.auth.schemas import Person
from review_api.deps import ServicesDep, public

router = APIRouter()

Labels = Mapping[str, object]
_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@router.get("/metrics", include_in_schema=False)
def metrics(request: Request, services: ServicesDep, _rule: Annotated[Person | None, public()]) -> Response:
    """The figures, for who holds the token of ``SAQSHY_METRICS_TOKEN``; without one there is no such page."""
    token = services.settings.metrics_token
    sent = request.headers.get("authorization", "").removeprefix("Bearer ")
    if token is None or not hmac.compare_digest(sent.encode(), token.get_secret_value().encode()):
        raise NotFound("There is no such page.")
    with services.db.read() as session:
        body = "".join(_lines(session))
    return Response(body, media_type=_TYPE)


def _lines(session: Session) -> Iterator[str]:
    sources = session.scalars(select(Source).order_by(Source.name)).all()
    names = {source.id: source.name for source in sources}
    yield from _metric(
        "saqshy_source_last_success_timestamp_seconds",
        "When a run of the source last succeeded.",
        [({"source": s.name}, int(s.last_success_at.timestamp())) for s in sources if s.last_success_at],
    )
    yield from _metric(
        "saqshy_source_crawled",
        "Whether the source is on and not paused.",
        [({"source": s.name}, int(s.is_crawled)) for s in sources],
    )
    sums = session.execute(
        select(CrawlRun.source_id, func.sum(CrawlRun.n_pages), func.sum(CrawlRun.n_new_versions)).group_by(
            CrawlRun.source_id
        )
    ).all()
    yield from _metric(
        "saqshy_source_pages", "Pages fetched.", [({"source": names[row[0]]}, row[1]) for row in sums]
    )
    yield from _metric(
        "saqshy_source_new_texts", "New texts of ads.", [({"source": names[row[0]]}, row[2]) for row in sums]
    )
    alarms = session.execute(
        select(Alarm.source_id, Alarm.kind, func.count())
        .where(Alarm.ended_at.is_(None))
        .group_by(Alarm.source_id, Alarm.kind)
    )
    yield from _metric(
        "saqshy_alarms",
        "Open alarms: overdue, silent, drift, shut_out.",
        [({"source": names[source_id], "kind": kind}, n) for source_id, kind, n in alarms],
    )
    blind = session.execute(
        select(BlindSpot.reason, func.count()).where(BlindSpot.ended_at.is_(None)).group_by(BlindSpot.reason)
    )
    yield from _metric(
        "saqshy_blind_spots",
        "Addresses that cannot be seen.",
        [({"reason": reason}, n) for reason, n in blind],
    )
    handed_in = session.execute(select(HandIn.state, func.count()).group_by(HandIn.state))
    yield from _metric(
        "saqshy_hand_ins", "What people brought.", [({"state": state}, n) for state, n in handed_in]
    )
    runs = session.execute(select(CrawlRun.state, func.count()).group_by(CrawlRun.state))
    yield from _metric("saqshy_crawl_runs", "Crawl runs.", [({"state": state}, n) for state, n in runs])
    unread = session.scalar(
        select(func.count()).select_from(Page).where(Page.parse_state == ParseState.PENDING)
    )
    yield from _metric("saqshy_pages_unread", "Stored pages that wait for their reader.", [({}, unread or 0)])


def _metric(name: str, help_text: str, values: list[tuple[Labels, int]]) -> Iterator[str]:
    yield f"# HELP {name} {help_text}\n# TYPE {name} gauge\n"
    for labels, value in values:
        # Labels are source names and our own words: a-z, 0-9 and _ only.
        inner = ",".join(f'{key}="{label}"' for key, label in labels.items())
        yield f"{name}{{{inner}}} {value}\n" if inner else f"{name} {value}\n"
