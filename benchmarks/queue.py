"""How quickly the queue answers with 100 000 ads in the database.

Makes an installation in a temporary folder with seeded synthetic rows, serves it
on loopback from a process of its own, as `saqshy serve` does, and asks for pages of
the queue over HTTP, signed in as an analyst: first pages, later pages, each filter,
as HTML with its facets and as JSON. Prints percentiles per kind of page, and the
ratio to a bare page of the same size that is served in the same run. Exit status 1
when the goal is missed.

    .venv/bin/python -m benchmarks.queue
    .venv/bin/python -m benchmarks.queue --postgres postgresql://…/empty
"""

import argparse
import os
import random
import socket
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

import httpx
from sqlalchemy import insert, text
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response

from index.engines import open_engine
from models.ad import Ad, AdVersion
from models.audit import AuditLog
from models.classification import MIN_PURPOSE_SCORE, Classification, IndicatorHit, PurposeScore
from models.config import Settings, load_settings
from models.enums import LEVELS_BY_SEVERITY, Language, Level, Purpose, Side, SourceKind, TextPlace
from models.review import ReviewTask, cut_region, join_purposes
from models.schema import upgrade_schema
from models.session import Database
from review_api.app import create_app
from review_api.server import run_server
from tests.factories import PASSWORD, make_classifier, make_page, make_source, make_user, sha

SEED = 4182
LIMIT_SECONDS = 0.1
REGIONS = ("Алматы", "Астана", "Шымкент", "Қарағанды", "Ақтөбе", "Тараз", "Павлодар", "Өскемен", None)
WORDS = (
    *("жұмыс", "керек", "қыздар", "Кореяға", "билет", "паспорт"),
    *("вахта", "проживание", "тәжірибесіз", "оплата", "договор", "срочно"),
)
START = datetime(2026, 9, 1, tzinfo=UTC)
BATCH = 5000

# The page for people and the same as JSON; then a page that the server only has to send.
PAGES = ("/queue", "/api/v1/tasks")
BARE = "/bare"

Question = tuple[str, dict[str, str]]  # path and query
Rows = dict[type, list[dict[str, Any]]]  # Any: the values of columns


class Place(NamedTuple):
    """A source and its one page, on which all its ads were found."""

    source_id: int
    source_kind: SourceKind
    page_id: int


def make_rows(db: Database, n_ads: int, share_flagged: float) -> int:
    """Fill the database; returns how many tasks wait."""
    random.seed(SEED)
    with db.write() as session:
        make_user(session, "analyst")
        classifier = make_classifier(session)
        sources = [make_source(session, f"source{n}", kind) for n, kind in enumerate(SourceKind)]
        pages = [make_page(session, source, f"https://{source.name}.example.kz/list") for source in sources]
        places = [Place(source.id, source.kind, page.id) for source, page in zip(sources, pages, strict=True)]
        classifier_id = classifier.id
    n_tasks = 0
    for start in range(1, n_ads + 1, BATCH):
        with db.write() as session:
            ids = range(start, min(start + BATCH, n_ads + 1))
            n_tasks += _insert_ads(session, ids, places, classifier_id, share_flagged)
    with db.write() as session:
        session.execute(text("ANALYZE"))
    return n_tasks


def _insert_ads(
    session: Session, ids: range, places: list[Place], classifier_id: int, share_flagged: float
) -> int:
    rows: Rows = defaultdict(list)
    for number in ids:
        place = random.choice(places)
        seen_at = START + timedelta(seconds=40 * number)
        level = random.choices(LEVELS_BY_SEVERITY, weights=(0, 30, 40, 25, 5))[0]
        is_flagged = random.random() < share_flagged
        body = " ".join(random.choices(WORDS, k=random.randint(30, 200)))
        url = f"https://source.example.kz/ads/{number}"
        rows[Ad].append(
            {
                "id": number,
                "source_id": place.source_id,
                "external_id": str(number),
                "url": url,
                "first_seen_at": seen_at,
                "last_seen_at": seen_at,
            }
        )
        rows[AdVersion].append(
            {
                "id": number,
                "ad_id": number,
                "number": 1,
                "content_sha256": sha(url),
                "url": url,
                "title": " ".join(random.choices(WORDS, k=5)),
                "text": body,
                "region": random.choice(REGIONS),
                "observed_at": seen_at,
                "classified_by_id": classifier_id,
                "page_id": place.page_id,
            }
        )
        rows[Classification].append(
            {
                "id": number,
                "ad_version_id": number,
                "classifier_version_id": classifier_id,
                "language": random.choice(tuple(Language)),
                "is_flagged": is_flagged,
                "priority": random.random(),
                "level": level if is_flagged else Level.NONE,
                "side": Side.DEMAND if random.random() < 0.1 else Side.OFFER,
                "rules": [],
                "model_words": [],
                "created_at": seen_at,
                "triaged_at": seen_at,
            }
        )
        if is_flagged:
            _add_task(rows, number, level, place.source_kind, body, seen_at)
    for model, values in rows.items():
        session.execute(insert(model), values)
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("UPDATE ad SET current_version_id = id WHERE current_version_id IS NULL"))
    else:
        session.execute(
            text("UPDATE ad SET current_version_id = id WHERE id >= :start"), {"start": ids.start}
        )
    return len(rows[ReviewTask])


def _add_task(
    rows: Rows, number: int, level: Level, source_kind: SourceKind, body: str, opened_at: datetime
) -> None:
    classification = rows[Classification][-1]
    scores = {purpose: random.random() for purpose in random.sample(tuple(Purpose), 3)}
    for purpose, score in scores.items():
        rows[PurposeScore].append({"classification_id": number, "purpose": purpose, "score": score})
    for place, word in islice(enumerate(body.split()), 4):
        rows[IndicatorHit].append(
            {
                "classification_id": number,
                "code": f"R{place + 1:02d}",
                "place": TextPlace.TEXT,
                "start": body.find(word),
                "end": body.find(word) + len(word),
                "quote": word,
                "weight": place + 1.0,
                "is_counter_sign": False,
                "is_counted": True,
            }
        )
    rows[ReviewTask].append(
        {
            "case_number": f"2026-{number:06d}",
            "ad_id": number,
            "ad_version_id": number,
            "classification_id": number,
            "level": level,
            "severity": LEVELS_BY_SEVERITY.index(level),
            "priority": classification["priority"],
            "opened_at": opened_at,
            "side": classification["side"],
            "language": classification["language"],
            "region": cut_region(rows[AdVersion][-1]["region"]),
            "source_kind": source_kind,
            "purposes": join_purposes(
                purpose for purpose, score in scores.items() if score >= MIN_PURPOSE_SCORE
            ),
        }
    )


def serve(settings: Settings) -> None:
    """Serve the installation until terminated; also a page that asks the database nothing."""
    db = Database(settings)
    app = create_app(settings, db=db, audit=AuditLog(b"k" * 32), search=open_engine(settings))

    def bare(request: Request) -> Response:
        return Response(b"x" * int(request.query_params["n_bytes"]), media_type="text/html")

    app.add_route(BARE, bare)
    run_server(app, settings)


@contextmanager
def serving(settings: Settings) -> Iterator[str]:
    """Serve on loopback in a process of its own, as a browser meets it; gives the address."""
    server = get_context("spawn").Process(target=serve, args=(settings,))
    server.start()
    try:
        _wait_for(settings.port)
        yield f"http://127.0.0.1:{settings.port}"
    finally:
        server.terminate()
        server.join()


def _wait_for(port: int) -> None:
    for _ in range(300):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError("The server did not start within 30 s.")


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as held:
        port: int = held.getsockname()[1]
        return port


def measure(client: httpx.Client, requests: dict[str, Question], n: int) -> dict[str, list[float]]:
    """Seconds per request, per kind of page; the kinds take turns."""
    seconds: dict[str, list[float]] = {name: [] for name in requests}
    for _ in range(n):
        for name, (path, query) in requests.items():
            start = time.perf_counter()
            response = client.get(path, params=query)
            seconds[name].append(time.perf_counter() - start)
            response.raise_for_status()
    return seconds


def make_queries(client: httpx.Client) -> dict[str, dict[str, str]]:
    """The kinds of pages: the first, one far behind, and each filter."""
    cursor = ""
    for _ in range(20):
        page = client.get("/api/v1/tasks", params={"cursor": cursor} if cursor else {}).json()
        cursor = page["next_cursor"]
    return {
        "first page": {},
        "page 21": {"cursor": cursor},
        "purpose": {"purpose": Purpose.ORGAN_REMOVAL.value},
        "side": {"side": Side.DEMAND.value},
        "language": {"language": Language.KK.value},
        "region": {"region": "Тараз"},
        "source kind": {"source_kind": SourceKind.FORUM.value},
        "level": {"level": Level.LOW.value},
        "all filters": {
            "purpose": Purpose.ORGAN_REMOVAL.value,
            "side": Side.DEMAND.value,
            "language": Language.KK.value,
            "region": "Тараз",
            "level": Level.LOW.value,
        },
        "nothing found": {"region": "жоқ"},
    }


def report(name: str, seconds: list[float]) -> float:
    """Print percentiles in milliseconds; returns the 99th in seconds."""
    cuts = statistics.quantiles(seconds, n=100, method="inclusive")
    p50, p95, p99 = cuts[49], cuts[94], cuts[98]
    figures = "  ".join(
        f"{label} {cut * 1000:7.1f} ms" for label, cut in (("p50", p50), ("p95", p95), ("p99", p99))
    )
    print(f"{name:<28} n={len(seconds):<5} {figures}")
    return p99


def measure_queue(settings: Settings, n: int) -> float:
    """Ask for all kinds of pages in turns and print the figures; returns the worse 99th percentile."""
    with serving(settings) as address, httpx.Client(base_url=address, timeout=60) as client:
        client.post("/api/v1/login", json={"name": "analyst", "password": PASSWORD}).raise_for_status()
        n_bytes = len(client.get(PAGES[0]).content)
        queries = make_queries(client)
        requests = {f"{path} {name}": (path, query) for path in PAGES for name, query in queries.items()}
        measured = measure(client, {**requests, BARE: (BARE, {"n_bytes": str(n_bytes)})}, n)
    for name, seconds in measured.items():
        report(name, seconds)
    bare = statistics.median(measured[BARE])
    worst = 0.0
    for path in PAGES:
        seconds = [value for name in queries for value in measured[f"{path} {name}"]]
        worst = max(worst, report(f"{path} all", seconds))
        print(
            f"{path} takes {statistics.median(seconds) / bare:.1f} times as long as a bare page of its size"
        )
    return worst


def main() -> int:
    """Run the benchmark; exit status 1 when a 99th percentile is over 100 ms."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ads", type=int, default=100_000)
    parser.add_argument("--flagged", type=float, default=0.2, help="share of ads with an open task")
    parser.add_argument("--requests", type=int, default=50, help="per kind of page")
    parser.add_argument("--postgres", help="address of an empty database instead of the embedded one")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="saqshy-bench-") as folder:
        settings = load_settings(
            data_dir=Path(folder) / "var", database_url=options.postgres, port=free_port()
        )
        settings.data_dir.mkdir(mode=0o700)
        db = Database(settings)
        upgrade_schema(db)
        start = time.perf_counter()
        n_tasks = make_rows(db, options.ads, options.flagged)
        print(f"{options.ads} ads, {n_tasks} open tasks, made in {time.perf_counter() - start:.0f} s")
        print(f"load of the last minute {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
        db.close()
        worst = measure_queue(settings, options.requests)
    print(f"worse p99 {worst * 1000:.0f} ms, goal at most {LIMIT_SECONDS * 1000:.0f} ms")
    return int(worst > LIMIT_SECONDS)


if __name__ == "__main__":
    raise SystemExit(main())
