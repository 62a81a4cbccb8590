"""Requests are leased before the crawl has none left to send."""

import asyncio

from crawlers.capture import RunContext
from crawlers.frontier import LeasedRequest, NewRequest, add_requests
from crawlers.intake import MAX_UNDERWAY, Intake
from crawlers.sources_config import config_of
from models.crawl import Source
from models.enums import RequestKind
from models.runs import start_manual_run
from models.worker import utc_now
from tests.conftest import run_async
from tests.crawlers.conftest import SITE_HOST, CrawlBench


def test_more_is_leased_while_most_is_still_underway(bench: CrawlBench) -> None:
    source_id, now = bench.add_source(), utc_now()
    with bench.db.write() as session:
        source = session.get_one(Source, source_id)
        config, run_id = config_of(source), start_manual_run(session, source, now).id
        wanted = [NewRequest(f"http://{SITE_HOST}/{n}", RequestKind.AD) for n in range(2 * MAX_UNDERWAY)]
        add_requests(session, run_id, wanted, max_pages=len(wanted), now=now)
    run = RunContext(run_id, source_id, config, lease_seconds=60, started_at=now)

    async def take() -> list[LeasedRequest]:
        intake = Intake(bench.db, run, clock=utc_now)
        requests = aiter(intake.requests())
        taken = [await anext(requests) for _ in range(MAX_UNDERWAY)]
        for request in taken[: MAX_UNDERWAY // 4]:
            intake.finished(request)
        taken += [await asyncio.wait_for(anext(requests), 20) for _ in range(MAX_UNDERWAY // 4)]
        return taken

    assert len({request.id for request in run_async(take())}) == MAX_UNDERWAY * 5 // 4
