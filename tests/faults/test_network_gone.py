"""The network is pulled away: the screens say so, nothing counts as removed, all goes on when it is back."""

import html
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import func, select

from crawlers.alarms import watch_sources
from models.ad import Ad
from models.audit import AuditLog
from models.crawl import CrawlRun, Page
from models.enums import AdState, BlindReason, FetchResult, RequestState, Role, RunState
from models.watch import BlindSpot
from models.worker import utc_now
from review_api.i18n import load_words
from tests.conftest import open_database
from tests.crawlers.conftest import CrawlBench, bench_settings, channel_page
from tests.review_api.conftest import Client, make_room
from tests.servers.site import Reply, Site

HOSTS = ["one.example", "two.example"]


def _route(site: Site) -> None:
    for number, host in enumerate(HOSTS):
        page = channel_page({n: f"Объявление {n}" for n in range(3)}, channel=f"c{number}")
        site.routes[host, "/"] = Reply(page)


def _states(bench: CrawlBench) -> list[AdState]:
    with bench.db.read() as session:
        return sorted(set(session.scalars(select(Ad.state))))


def _shown(client: Client, path: str, key: str, **values: object) -> set[bool]:
    """Whether a page says this sentence, in each language."""
    found = set()
    for locale in ("kk", "ru", "en"):
        client.post("/language", data={"locale": locale, "back": "/"})
        answer = client.get(path)
        assert answer.status_code == 200, answer.text
        found.add(load_words(locale).text(key, **values) in html.unescape(answer.text))
    return found


def test_the_screens_say_that_nobody_answers_and_nothing_is_lost(
    tmp_path: Path, audit_log: AuditLog, now: datetime
) -> None:
    with Site(tmp_path / "journal.jsonl") as site:
        bench, sources = _two_sources(tmp_path, site)
        assert {bench.crawl(source).state for source in sources} == {RunState.DONE}
    # The site is closed now: its port refuses connections.
    room = make_room(bench.settings, bench.db, audit_log, now)
    room.add_user("analyst", Role.ANALYST)
    client = room.client("analyst")
    assert _shown(client, "/sources", "sources.all_away", n=2) == {False}
    assert _shown(client, "/sources", "health.failed") == {False}
    assert bench.crawl(sources[0]).error == "unreachable"
    assert _shown(client, "/sources", "health.failed") == {True}
    assert _shown(client, "/sources", "crawl_error.unreachable") == {True}
    assert _shown(client, "/sources", "sources.all_away", n=2) == {False}
    assert bench.crawl(sources[1]).error == "unreachable"
    assert _shown(client, "/sources", "sources.all_away", n=2) == {True}
    assert _shown(client, f"/sources/{sources[0]}", "crawl_error.unreachable") == {True}
    _check_nothing_counts_as_gone(bench)
    with bench.db.write() as session:
        watch_sources(session, utc_now() + timedelta(hours=5))
    assert _shown(client, "/sources", "alarm.overdue", n=5) == {True}
    with Site(tmp_path / "journal.jsonl") as site:
        _route(site)
        back = CrawlBench(site, bench_settings(tmp_path / "var", site, HOSTS), bench.db)
        assert {back.crawl(source).state for source in sources} == {RunState.DONE}
    with bench.db.write() as session:
        watch_sources(session, utc_now())
    assert _shown(client, "/sources", "sources.all_away", n=2) == {False}
    assert _shown(client, "/sources", "alarm.overdue", n=5) == {False}
    assert _shown(client, "/sources", "health.failed") == {False}
    assert _states(bench) == [AdState.LIVE]
    with bench.db.read() as session:
        assert not session.scalars(select(BlindSpot).where(BlindSpot.ended_at.is_(None))).all()
    bench.db.close()


def _two_sources(folder: Path, site: Site) -> tuple[CrawlBench, list[int]]:
    _route(site)
    settings = bench_settings(folder / "var", site, HOSTS)
    bench = CrawlBench(site, settings, open_database(settings))
    return bench, [
        bench.add_source(host.split(".")[0], start=[f"http://{host}/"], is_full_listing=True)
        for host in HOSTS
    ]


def _check_nothing_counts_as_gone(bench: CrawlBench) -> None:
    assert _states(bench) == [AdState.LIVE]
    with bench.db.read() as session:
        assert session.scalar(select(func.count()).select_from(Ad)) == 3 * len(HOSTS)
        assert set(session.scalars(select(Page.result))) == {FetchResult.PAGE}
        reasons = session.scalars(select(BlindSpot.reason).where(BlindSpot.ended_at.is_(None))).all()
        assert reasons == [BlindReason.BROKEN] * len(HOSTS)  # for now nobody sees these pages
        assert session.scalar(select(func.count()).where(CrawlRun.n_ads > 0)) == len(HOSTS)
    found = {(state, result) for state, result, _ in bench.requests().values()}
    assert (RequestState.DONE, FetchResult.GONE) not in found
