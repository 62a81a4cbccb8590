"""Real crawls of hostile names in the namespace of :mod:`tests.faults.internet`, counted at the socket.

``python -m tests.faults.forbidden S2 10000 SEED FOLDER`` prints one line of JSON.
"""

import itertools
import json
import random
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from sqlalchemy import select

from crawlers.jobs import run_due_crawl
from crawlers.sources_config import SourceConfig
from models.config import load_settings
from models.crawl import FrontierRequest, Source
from models.runs import start_manual_run
from models.schema import upgrade_schema
from models.session import Database
from models.urls import BadUrl, canonical_url
from models.worker import utc_now
from tests.faults.internet import FORBIDDEN, Listener, NameServer, bring_up, hostile_names

SPELLINGS = (
    "127.0.0.1", "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "0", "0.0.0.0", "localhost",
    "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[64:ff9b::7f00:1]", "[64:ff9b::a9fe:a9fe]",
    "[2002:7f00:1::]", "[fec0::1]", "[::127.0.0.1]", "192.0.0.8", "224.0.0.1", "169.254.169.254",
    "[fd00:ec2::254]", "100.100.100.200", "10.0.0.1", "%E2%91%A0%E2%91%A1%E2%91%A6.0.0.1",
)  # fmt: skip
WAYS = (
    "301", "302", "303", "307", "308", "refresh", "sitemap", "robots", "robots_sitemap", "canonical",
    "base", "frame", "userinfo", "backslash", "tab", "link", "upper",
)  # fmt: skip
# Each waits 2 s between two requests to a host and holds 16 hosts at a time.
N_CRAWLS = 12
SEED_OF_ORDER = 1
TRICKS = ("rebind", "mixed", "many", "inner")


def page(head: str = "", body: str = "") -> bytes:
    """An answer that closes its connection, so that the next request asks for the name again."""
    html = f"<html><head>{head}</head><body><p>Объявления о работе</p>{body}</body></html>".encode()
    return answer("200 OK", "Content-Type: text/html; charset=utf-8", html)


def answer(status: str, header: str, body: bytes = b"") -> bytes:
    head = f"HTTP/1.1 {status}\r\n{header}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    return head.encode() + body


def lure(host: str, path: str) -> bytes:
    """What a public host answers: a way to a forbidden spelling, both in its name."""
    found = host.split(".")[0].split("-")
    if found[0] != "via":
        return answer("404 Not Found", "X: y") if path == "/robots.txt" else page()
    way, to = WAYS[int(found[1])], f"http://{SPELLINGS[int(found[2])]}/x"
    if path == "/robots.txt":
        if way == "robots":
            return answer("302 Found", f"Location: {to}")
        rules = f"User-agent: *\nAllow: /\nSitemap: {to}\n" if way == "robots_sitemap" else ""
        return answer("200 OK", "Content-Type: text/plain", rules.encode())
    redirects = {
        "userinfo": to.replace("http://", "http://user@"),
        "backslash": to.replace("http://", "http:\\\\"),
        "tab": to.replace("http://", "ht\ttp://"),
        "upper": to.replace("http", "HTTP"),
    }
    if way.isdigit() or way in redirects:
        return answer(f"{way if way.isdigit() else 302} Moved", f"Location: {redirects.get(way, to)}")
    if way == "sitemap":
        xml = (
            f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><url><loc>{to}</loc></url></urlset>'
        )
        return answer("200 OK", "Content-Type: application/xml", xml.encode())
    heads = {
        "refresh": f'<meta http-equiv="refresh" content="0;url={to}">',
        "canonical": f'<link rel="canonical" href="{to}">',
        "base": f'<base href="{to}">',
    }
    bodies = {
        "frame": f'<iframe src="{to}"></iframe><frame src="{to}">',
        "link": f'<a href="{to}">ads</a><a class="next" rel="next" href="{to}">next</a>',
        "base": '<a href="next">next</a>',
    }
    return page(heads.get(way, ""), bodies.get(way, ""))


def start_addresses(test: str, n_tries: int) -> list[str]:
    if test == "both":
        return start_addresses("S1", n_tries // 2) + start_addresses("S2", n_tries // 2)
    if test == "S2":
        return [f"http://n{n}.{TRICKS[n % len(TRICKS)]}/p" for n in range(n_tries)]
    direct = [f"http://{spelling}/x" for spelling in SPELLINGS]
    ways = [
        f"http://via-{way}-{spelling}.example/"
        for way, spelling in itertools.product(range(len(WAYS)), range(len(SPELLINGS)))
    ]
    return random.Random(SEED_OF_ORDER).sample([*direct, *ways], min(n_tries, len(direct) + len(ways)))


def main() -> None:
    test, n_tries, seed, folder = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4])
    bring_up(folder)
    listener = Listener(lure)
    names = NameServer(hostile_names(seed))
    urls = start_addresses(test, n_tries)
    n_crawls = min(N_CRAWLS, max(1, len(urls) // 40))
    homes = [prepare(folder / f"var{n}", urls[n::n_crawls]) for n in range(n_crawls)]
    with ThreadPoolExecutor(N_CRAWLS) as threads:
        states = sum(threads.map(crawl, homes), Counter[str]())
    found = {
        "n_tries": len(urls),
        "n_forbidden": listener.n_forbidden,
        "by_address": listener.by_address,
        "n_questions": names.asked.total(),
        "states": states,
    }
    sys.stdout.write(json.dumps(found) + "\n")


def may_be_named(url: str) -> bool:
    """Whether a source's file may hold an address; one that is refused there goes nowhere."""
    try:
        canonical_url(url)
    except BadUrl:
        return False
    return True


def prepare(data_dir: Path, urls: list[str]) -> Database:
    """A database with a due run of one source that has all these as its hosts."""
    settings = load_settings(data_dir=data_dir, lease_seconds=600)
    data_dir.mkdir(mode=0o700)
    db = Database(settings)
    upgrade_schema(db)
    config = SourceConfig.model_validate(
        {
            "name": "hostile",
            "kind": "classifieds",
            "title": "hostile",
            "start": list(filter(may_be_named, urls)),
            "hosts": [*FORBIDDEN, "localhost", "user", "x"],
            "schedule": {"every_minutes": 60},
            "limits": {"delay_seconds": 2, "timeout_seconds": 5, "max_pages": 100_000, "retry_seconds": 0},
        }
    )
    with db.write() as session:
        source = Source(
            name="hostile",
            kind=config.kind,
            title="hostile",
            settings=config.model_dump(mode="json"),
            settings_sha256="",
            is_enabled=True,
            created_at=utc_now(),
        )
        session.add(source)
        session.flush()
        start_manual_run(session, source, utc_now())
    return db


def crawl(db: Database) -> Counter[str]:
    """Ask for each address; what became of the requests."""
    for _ in range(6):
        if run_due_crawl(db, db.settings, now=utc_now()).n_done == 0:
            break
    with db.read() as session:
        rows = session.execute(
            select(FrontierRequest.state, FrontierRequest.result, FrontierRequest.error)
        ).all()
    db.close()
    return Counter(f"{row.state}: {row.error or row.result}" for row in rows)


if __name__ == "__main__":
    main()
