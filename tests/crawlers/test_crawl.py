"""A crawl from the first address to rows: pages, ads, versions, gone ads, manners, and typed failures."""

import gzip
import itertools
import time
from collections.abc import Iterator
from datetime import date, timedelta
from email.message import Message
from pathlib import Path

import pytest

from crawlers.evidence.payload import body_of
from models.ad import Ad, AdVersion
from models.blobs import BlobStore
from models.crawl import Host
from models.enums import AdState, FetchResult, ParseState, RequestState, RunState
from models.evidence import Evidence
from models.runs import ask_host_again
from models.worker import utc_now
from tests.conftest import open_database
from tests.crawlers.conftest import SITE_HOST, CrawlBench, bench_settings, channel_page
from tests.servers.site import ForbiddenListener, Reply, Site

ROOT = f"http://{SITE_HOST}/"


def test_stores_bytes_page_and_ads(bench: CrawlBench) -> None:
    body = channel_page({1: "Требуется сиделка", 2: "Ищу попутчика"})
    bench.site.routes["/"] = Reply(body, headers={"X-Test": "1"})
    run = bench.crawl(bench.add_source())
    assert (run.state, run.n_pages, run.n_ads, run.n_new_versions) == (RunState.DONE, 1, 2, 2)
    (page,) = bench.pages()
    assert (page.result, page.parse_state, page.http_status) == (FetchResult.PAGE, ParseState.PARSED, 200)
    assert page.headers["x-test"] == "1"
    with bench.db.read() as session:
        evidence = session.get_one(Evidence, page.evidence_id)
    assert body_of(BlobStore(bench.settings.evidence_dir).get(evidence.sha256), evidence) == body
    assert {version.text for version in bench.ads().values()} == {"Требуется сиделка", "Ищу попутчика"}
    assert all(s.user_agent.startswith("Saqshy/") for s in bench.site.served())


def test_edits_make_versions_and_a_return_makes_none(bench: CrawlBench) -> None:
    source = bench.add_source()
    for text in ("A", "B", "A"):
        bench.site.routes["/"] = Reply(channel_page({1: f"Текст {text}"}))
        bench.crawl(source)
    with bench.db.read() as session:
        (ad,) = session.query(Ad).all()
        assert [v.number for v in session.query(type(ad.current_version)).all()] == [1, 2]
        assert ad.current_version is not None
        assert (ad.current_version.number, ad.current_version.text) == (1, "Текст A")


def test_not_modified_moves_last_seen_only(bench: CrawlBench) -> None:
    def answer(_host: str, headers: Message) -> Reply:
        if headers.get("If-None-Match") == '"v1"':
            return Reply(status=304, headers={"ETag": '"v1"'})
        return Reply(channel_page({1: "Текст"}), headers={"ETag": '"v1"'})

    bench.site.routes["/"] = answer
    source = bench.add_source()
    bench.crawl(source)
    with bench.db.read() as session:
        first = session.query(Ad).one().last_seen_at
    run = bench.crawl(source)
    assert (run.state, run.n_pages, run.n_new_versions) == (RunState.DONE, 0, 0)
    assert bench.site.paths(304) == ["/"]
    with bench.db.read() as session:
        assert session.query(Ad).one().last_seen_at > first
    fetched, confirmed = bench.pages()
    assert (fetched.result, confirmed.result) == (FetchResult.PAGE, FetchResult.NOT_MODIFIED)
    assert confirmed.evidence_id == fetched.evidence_id
    assert bench.count(AdVersion) == 1


@pytest.mark.parametrize("status", [404, 410])
def test_an_ad_that_left_a_full_listing_is_looked_at_and_dated(bench: CrawlBench, status: int) -> None:
    source = bench.add_source(is_full_listing=True)
    bench.site.routes["/"] = Reply(channel_page({1: "Первый", 2: "Второй"}))
    bench.crawl(source)
    bench.site.routes["/"] = Reply(channel_page({2: "Второй"}))
    bench.site.routes["/test/1"] = Reply(b"gone", status)
    bench.crawl(source)
    with bench.db.read() as session:
        states = {ad.external_id: (ad.state, ad.gone_at is not None) for ad in session.query(Ad)}
    assert states == {"test/1": (AdState.GONE, True), "test/2": (AdState.LIVE, False)}
    assert bench.ads()["test/1"].text == "Первый"  # its last text stays
    bench.site.routes["/"] = Reply(channel_page({1: "Первый", 2: "Второй"}))
    bench.crawl(source)
    with bench.db.read() as session:
        assert {ad.state for ad in session.query(Ad)} == {AdState.LIVE}


def test_robots_are_obeyed(bench: CrawlBench) -> None:
    bench.site.routes["/robots.txt"] = Reply(
        b"User-agent: *\nDisallow: /private/\n", content_type="text/plain"
    )
    bench.site.routes["/private/"] = Reply(channel_page({1: "x"}))
    run = bench.crawl(bench.add_source(start=[f"{ROOT}private/"]))
    assert bench.site.paths() == []
    assert bench.requests()[f"{ROOT}private/"][:2] == (RequestState.DONE, FetchResult.ROBOTS_DISALLOWED)
    assert (run.state, run.error) == (RunState.FAILED, "robots_disallowed")


def test_a_run_that_would_wait_for_days_ends_and_says_what_it_left(bench: CrawlBench) -> None:
    source_id = bench.add_source(limits={"delay_seconds": 0.01})
    with bench.db.write() as session:
        until = utc_now() + timedelta(days=3650)
        session.add(Host(name=SITE_HOST, n_refusals=8, paused_until=until))
    run = bench.crawl(source_id)
    assert bench.site.paths() == []
    assert (run.state, run.error, run.n_failed) == (RunState.FAILED, "host_paused", 1)
    assert bench.requests()[ROOT] == (RequestState.FAILED, FetchResult.SLOW_DOWN, "host_paused")
    with bench.db.write() as session:
        ask_host_again(session, SITE_HOST, utc_now())
    bench.site.routes["/"] = Reply(channel_page({1: "x"}))
    assert bench.crawl(source_id).state is RunState.DONE  # a run of its own: none stood in its way


def test_robots_that_cannot_be_had_allow_nothing(bench: CrawlBench) -> None:
    bench.site.routes["/robots.txt"] = Reply(b"oops", 503)
    bench.site.routes["/"] = Reply(channel_page({1: "x"}))
    bench.crawl(bench.add_source())
    assert bench.site.paths() == []
    assert bench.requests()[ROOT][1] is FetchResult.BROKEN


def endless() -> Iterator[bytes]:
    return itertools.repeat(b"x" * 65536)


def redirect(location: str, status: int = 302) -> Reply:
    return Reply(status=status, headers={"Location": location})


def slow() -> Iterator[bytes]:
    return itertools.repeat(b"x")


BOMB = gzip.compress(gzip.compress(b"\0" * 300_000_000, 9), 9)
BAD_ANSWERS = {
    "1 GB body": (Reply(endless, length=1 << 30), FetchResult.OVERSIZE, "too_large"),
    "endless body": (Reply(endless), FetchResult.OVERSIZE, "too_large"),
    "gzip bomb": (
        Reply(gzip.compress(b"\0" * 100_000_000, 9), headers={"Content-Encoding": "gzip"}),
        FetchResult.OVERSIZE,
        "decompressed_too_large",
    ),
    "gzip in gzip": (
        Reply(BOMB, headers={"Content-Encoding": "gzip, gzip"}),
        FetchResult.OVERSIZE,
        "decompressed_too_large",
    ),
    "no gzip at all": (
        Reply(b"<html>plain</html>", headers={"Content-Encoding": "gzip"}),
        FetchResult.BROKEN,
        "bad_content_encoding",
    ),
    "slow server": (Reply(slow, pause_seconds=0.2), FetchResult.BROKEN, "timeout"),
    "cut off": (Reply(b"<html>half", length=5000), FetchResult.BROKEN, "cut_off"),
    "redirect loop": (Reply(status=302, headers={"Location": "/"}), FetchResult.BROKEN, "too_many_redirects"),
    "to a file": (
        Reply(status=302, headers={"Location": "file:///etc/passwd"}),
        FetchResult.BROKEN,
        "http_302",
    ),
    "to data": (Reply(status=302, headers={"Location": "data:text/html,x"}), FetchResult.BROKEN, "http_302"),
    "off site": (
        redirect("http://elsewhere.example/"),
        FetchResult.BROKEN,
        "redirected_off_site",
    ),
    "403": (Reply(b"no", 403), FetchResult.REFUSED, "http_403"),
    "500": (Reply(b"oops", 500), FetchResult.BROKEN, "http_500"),
    "captcha": (
        Reply(b"<html><title>Just a moment...</title><body>checking</body></html>"),
        FetchResult.WALL,
        "http_200",
    ),
    "empty shell": (
        Reply(b"<html><body><div id=root></div><script src=/a.js></script></body></html>"),
        FetchResult.WALL,
        "http_200",
    ),
}


@pytest.fixture
def wide_bench(tmp_path: Path, site: Site) -> Iterator[CrawlBench]:
    """A bench with a host for each bad answer, so that none waits for another."""
    hosts = [SITE_HOST, *(f"bad{number}.example" for number in range(len(BAD_ANSWERS)))]
    settings = bench_settings(tmp_path / "var", site, hosts)
    db = open_database(settings)
    yield CrawlBench(site, settings, db)
    db.close()


def test_s4_s5_s6_bad_answers_are_named_and_never_parsed(wide_bench: CrawlBench) -> None:
    bench = wide_bench
    urls = {name: f"http://bad{number}.example/" for number, name in enumerate(BAD_ANSWERS)}
    for number, (reply, _, _) in enumerate(BAD_ANSWERS.values()):
        bench.site.routes[f"bad{number}.example", "/"] = reply
    bench.site.routes[SITE_HOST, "/"] = Reply(channel_page({1: "Хорошая страница"}))
    started = time.monotonic()
    bench.crawl(bench.add_source(start=[*urls.values(), ROOT], limits={"timeout_seconds": 2}))
    assert time.monotonic() - started < 60
    found = bench.requests()
    assert {name: found[url][1:] for name, url in urls.items()} == {
        name: (result, error) for name, (_, result, error) in BAD_ANSWERS.items()
    }
    assert list(bench.ads()) == ["test/1"]  # the rest goes on
    assert {page.final_url for page in bench.pages() if page.parse_state is ParseState.PARSED} == {ROOT}


def test_429_waits_as_long_as_it_is_asked_to(bench: CrawlBench) -> None:
    urls = [f"{ROOT}{n}" for n in range(5)]
    for n in range(5):
        bench.site.routes[f"/{n}"] = Reply(b"slow down", 429, headers={"Retry-After": "3600"})
    # Without any delay Scrapy 2.19 sends all that waits for a host at once, whatever its concurrency.
    run = bench.crawl(bench.add_source(start=urls, limits={"delay_seconds": 0.3}))
    assert len(bench.site.paths(429)) == 1  # the host is left alone, for its other pages too
    states = {url: state for url, (state, _, _) in bench.requests().items()}
    assert set(states.values()) == {RequestState.PENDING}
    assert run.state is RunState.DUE
    assert run.next_try_at is not None


def test_wrong_charset_is_read_by_what_the_bytes_are(bench: CrawlBench) -> None:
    body = channel_page({1: "Жұмыс бар: әйелдер керек"})
    bench.site.routes["/"] = Reply(body, content_type="text/html; charset=windows-1251")
    bench.crawl(bench.add_source())
    assert bench.ads()["test/1"].text == "Жұмыс бар: әйелдер керек"


def test_nul_and_lone_surrogates_reach_no_row(bench: CrawlBench) -> None:
    bench.site.routes["/"] = Reply(channel_page({1: "до\x00после &#xD800; конец"}))
    bench.crawl(bench.add_source())
    text = bench.ads()["test/1"].text
    assert "\x00" not in text
    assert text.encode("utf-8")


SPELLINGS = ["127.0.0.1", "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "[::ffff:127.0.0.1]"]
STATUSES = [301, 302, 303, 307, 308]


def test_s1_no_spelling_of_loopback_is_connected_to(tmp_path: Path, site: Site) -> None:
    hosts = [f"via{status}.example" for status in STATUSES]
    settings = bench_settings(tmp_path / "var", site, hosts)
    bench = CrawlBench(site, settings, open_database(settings))
    with ForbiddenListener() as forbidden:
        targets = [f"http://{spelling}:{forbidden.port}/" for spelling in SPELLINGS]
        start = [*targets]
        for number, (target, status) in enumerate(zip(targets, itertools.cycle(STATUSES), strict=False)):
            site.routes[f"via{status}.example", f"/{number}"] = redirect(target, status)
            start.append(f"http://via{status}.example/{number}")
        listed = [spelling.strip("[]") for spelling in SPELLINGS]
        # These hosts are not loopback by our settings, so the two seconds between requests hold for them.
        bench.crawl(bench.add_source(start=start, hosts=listed, limits={"delay_seconds": 2}))
        assert forbidden.n_connections == 0
    bench.db.close()
    assert {result for _, result, _ in bench.requests().values()} == {FetchResult.BLOCKED_ADDRESS}
    assert all(site.paths(status) for status in STATUSES)


def test_meta_refresh_base_and_links_lead_nowhere_forbidden(bench: CrawlBench) -> None:
    with ForbiddenListener() as forbidden:
        evil = f"http://127.0.0.1:{forbidden.port}/"
        page = channel_page({1: f'<a href="{evil}">x</a>'})
        head = f'<head><meta http-equiv="refresh" content="0;url={evil}"><base href="{evil}"></head>'
        more = f'<link rel="prev" href="{evil}"><link rel="canonical" href="{evil}">'
        body = page.replace(b"<html>", f"<html>{head}{more}".encode())
        bench.site.routes["/"] = Reply(body + f'<iframe src="{evil}"></iframe>'.encode())
        bench.crawl(bench.add_source())
        assert forbidden.n_connections == 0
    assert list(bench.requests()) == [ROOT]


def test_pace_is_kept_between_requests(bench: CrawlBench, site: Site) -> None:
    for number in range(3):
        site.routes[f"/{number}"] = Reply(channel_page({number: "x"}))
    source = bench.add_source(
        start=[f"{ROOT}{n}" for n in range(3)], limits={"delay_seconds": 0.4, "timeout_seconds": 5}
    )
    bench.crawl(source)
    times = [s.at for s in site.served() if s.path != "/robots.txt"]
    assert len(times) == 3
    assert min(b - a for a, b in itertools.pairwise(times)) >= 0.38


def test_a_packed_sitemap_leads_to_what_changed_since_it_was_fetched(bench: CrawlBench) -> None:
    day = utc_now().date()

    def sitemap(*entries: tuple[str, date]) -> Reply:
        urls = "".join(f"<url><loc>{ROOT}{n}</loc><lastmod>{at}</lastmod></url>" for n, at in entries)
        body = gzip.compress(f"<urlset>{urls}</urlset>".encode())
        return Reply(body, content_type="application/gzip")

    for number in (1, 2):
        bench.site.routes[f"/{number}"] = Reply(channel_page({number: "Текст"}))
    old, new = day - timedelta(days=9), day + timedelta(days=1)
    bench.site.routes["/sitemap.xml.gz"] = sitemap(("1", old), ("2", old), ("about", old))
    source = bench.add_source(start=[f"{ROOT}sitemap.xml.gz"], follow=r"/\d+$")
    bench.crawl(source)
    assert set(bench.requests()) == {f"{ROOT}sitemap.xml.gz", f"{ROOT}1", f"{ROOT}2"}
    bench.site.routes["/sitemap.xml.gz"] = sitemap(("1", old), ("2", new))
    bench.crawl(source)
    asked = [served.path for served in bench.site.served() if served.path != "/robots.txt"]
    assert asked[-2:] == ["/sitemap.xml.gz", "/2"]


def test_walking_back_ends_where_everything_is_known(bench: CrawlBench) -> None:
    bench.site.routes["/"] = Reply(channel_page({5: "Пятое"}, older=5))
    for number in (5, 4, 3, 2):
        older = channel_page({number - 1: f"Объявление {number - 1}"}, older=number - 1)
        bench.site.routes[f"/?before={number}"] = Reply(older)
    source = bench.add_source(limits={"max_depth": 3})
    bench.crawl(source)
    first = [served.path for served in bench.site.served() if served.path != "/robots.txt"]
    assert first == ["/", "/?before=5", "/?before=4", "/?before=3"]
    bench.site.routes["/"] = Reply(channel_page({6: "Шестое"}, older=5))
    bench.crawl(source)
    again = [served.path for served in bench.site.served() if served.path != "/robots.txt"][len(first) :]
    assert again == ["/", "/?before=5"]
    bench.site.routes["/?before=5"] = Reply(channel_page({4: "Четвёртое, исправлено"}, older=4))
    bench.crawl(source)
    assert [served.path for served in bench.site.served()][-3:] == ["/", "/?before=5", "/?before=4"]
