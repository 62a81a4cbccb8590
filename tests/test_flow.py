"""The whole line as its users walk it: ``saqshy demo``, three people, a release, ``verify``, a restart.

Real processes throughout; once on the embedded parts, once on PostgreSQL and a
real Elasticsearch.
"""

import csv
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import openpyxl
import psycopg
import pytest

from classifiers.artifacts import Installed
from crawlers.sample_web.ads import Host, in_edition, load_ads
from tests.conftest import ARTIFACTS, new_postgres_database
from tests.index.conftest import elasticsearch_node as elasticsearch_node
from tests.servers.postgres import free_port

SAQSHY = [sys.executable, str(Path(__file__).resolve().parent.parent / "manage.py")]
# Ads of the sample web's first edition, as its own tests count them.
N_ADS = sum(not ad.is_service for host in Host for ad in in_edition(load_ads(host), 1))
N_ADS_OF_ALL_EDITIONS = sum(not ad.is_service for host in Host for ad in load_ads(host))
REASON = "Паспорт остаётся у администратора, долг за дорогу."


@dataclass
class Home:
    """One installation in a folder of its own."""

    folder: Path
    environment: dict[str, str]
    port: int = field(default_factory=free_port)
    process: "subprocess.Popen[bytes] | None" = None
    clients: list[httpx.Client] = field(default_factory=list)

    @property
    def full_environment(self) -> dict[str, str]:
        own = {"SAQSHY_DATA_DIR": str(self.folder), "SAQSHY_PORT": str(self.port), "PYTHONUNBUFFERED": "1"}
        return {**os.environ, **self.environment, **own}

    def start_demo(self) -> None:
        with (self.folder.parent / "demo.log").open("wb") as log:
            self.process = subprocess.Popen(
                [*SAQSHY, "demo"], env=self.full_environment, stdout=log, stderr=log
            )
        wait_for(lambda: "Saqshy is ready" in self.log())

    def log(self) -> str:
        return (self.folder.parent / "demo.log").read_text(encoding="utf-8", errors="replace")

    def passwords(self) -> dict[str, str]:
        return dict(re.findall(r"^  (\S+) +\S+ +(\S+)$", self.log(), re.MULTILINE))

    def stop(self, number: signal.Signals = signal.SIGINT) -> None:
        while self.clients:
            self.clients.pop().close()
        if self.process is None:
            return
        self.process.send_signal(number)
        self.process.wait(30)
        self.process = None

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [*SAQSHY, *arguments],
            env=self.full_environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def sign_in(self, name: str) -> "Client":
        http = httpx.Client(base_url=f"http://127.0.0.1:{self.port}/api/v1", timeout=30)
        self.clients.append(http)
        me = http.post("/login", json={"name": name, "password": self.passwords()[name]})
        assert me.status_code == 200, me.text
        http.headers["X-CSRF-Token"] = me.json()["csrf_token"]
        return Client(http)


@dataclass
class Client:
    """A signed-in person at the JSON API."""

    http: httpx.Client

    def get(self, path: str, status: int = 200, **params: str) -> Any:  # Any: JSON
        answer = self.http.get(path, params=params)
        assert answer.status_code == status, answer.text
        return answer.json()

    def post(self, path: str, body: object = None, status: int = 200) -> Any:  # Any: JSON
        answer = self.http.post(path, json=body)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None


def wait_for(condition: Callable[[], bool], seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.3)


@pytest.fixture(
    params=["embedded", pytest.param("servers", marks=[pytest.mark.postgres, pytest.mark.elasticsearch])]
)
def home(request: pytest.FixtureRequest, tmp_path: Path, installed: Installed) -> Iterator[Home]:
    environment: dict[str, str] = {}
    if request.param == "servers":
        postgres = request.getfixturevalue("postgres_server")
        elastic = request.getfixturevalue("elasticsearch_node")
        environment = {
            "SAQSHY_DATABASE_URL": new_postgres_database(postgres),
            "SAQSHY_SEARCH_URL": elastic.url,
            "SAQSHY_SEARCH_INDEX_PREFIX": "flow",
        }
    home = Home(tmp_path / "var", environment)
    # Fitted once for this checkout; a first start alone would fit it again.
    shutil.copytree(ARTIFACTS, home.folder / "artifacts")
    yield home
    home.stop(signal.SIGKILL)


def test_one_ad_travels_the_whole_way(home: Home) -> None:
    home.start_demo()
    analyst = home.sign_in("analyst")
    wait_for(lambda: len(analyst.get("/tasks", limit="50")["rows"]) >= 15)
    row = next(row for row in analyst.get("/tasks", limit="50")["rows"] if not row["is_referral"])
    confirmation = confirm(home, analyst, row["task_id"])
    approve(home, row["task_id"], confirmation)
    number = release(home)
    assert home.run("verify").returncode == 0, home.run("verify").stdout
    assert doctor_is_content(home)

    # A second crawl may have begun meanwhile; it brings the few ads of the next edition.
    wait_for(lambda: n_ads(analyst) >= N_ADS)
    before = n_ads(analyst)
    home.stop()
    home.start_demo()
    again = home.sign_in("analyst")
    assert before <= n_ads(again) <= N_ADS_OF_ALL_EDITIONS
    assert again.get(f"/tasks/{row['task_id']}")["state"] == "approved"
    assert home.sign_in("officer").get("/releases")[0]["number"] == number
    home.stop()
    damages_are_named(home)


def confirm(home: Home, analyst: Client, task_id: int) -> Any:
    """The first signature; a second analyst cannot take what is claimed, the first cannot sign twice."""
    analyst.post(f"/tasks/{task_id}/claim")
    refused = home.sign_in("analyst2").post(f"/tasks/{task_id}/claim", status=409)
    assert refused["code"] == "TaskAlreadyClaimed"
    detail = analyst.get(f"/tasks/{task_id}")
    version = detail["version"]
    for hit in detail["hits"]:
        text = version["title"] if hit["place"] == "title" else version["text"]
        if "•" not in text[hit["start"] : hit["end"]]:  # contacts are masked until they are opened
            assert text[hit["start"] : hit["end"]] == hit["quote"]
    ground = analyst.get("/legal-grounds")[0]["code"]
    form = {
        "ad_version_id": version["id"],
        "purposes": [detail["purposes"][0]["purpose"]],
        "legal_ground": ground,
        "reason": REASON,
        "is_mvd_informed": True,
    }
    made = analyst.post(f"/tasks/{task_id}/confirm", form)
    second = {"confirm_decision_id": made["decision_id"], "content_sha256": version["content_sha256"]}
    second |= {"case_number": detail["case_number"], "reason": "Согласен: признаки подтверждаются."}
    analyst.post(f"/tasks/{task_id}/approve", second, status=403)
    return second


def approve(home: Home, task_id: int, form: Any) -> None:
    approved = home.sign_in("approver").post(f"/tasks/{task_id}/approve", form)
    assert approved["url"].startswith("http://")


def release(home: Home) -> int:
    """The officer makes a release, downloads its files and opens them; the same state makes no second one."""
    officer = home.sign_in("officer")
    made = officer.post("/releases", {}, status=201)
    number: int = made["number"]
    assert officer.post("/releases", {}, status=409)["code"] == "NothingNew"
    names = officer.get(f"/releases/{number}")["files"]
    files = {}
    for kind in ("csv", "xlsx", "json"):
        name = next(name for name in names if name.endswith(f"{number:06d}.{kind}"))
        answer = officer.http.get(f"/releases/{number}/files/{name}")
        assert answer.status_code == 200
        files[kind] = answer.content
        assert made[f"{kind}_sha256"] == sha256(answer.content).hexdigest()
    assert files["csv"].startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(files["csv"].decode("utf-8-sig")), delimiter=";"))
    sheet = openpyxl.load_workbook(io.BytesIO(files["xlsx"])).worksheets[0]
    parsed = json.loads(files["json"])
    assert any(REASON in cell for cell in rows[-1])
    assert any(cell.value == REASON for line in sheet.iter_rows() for cell in line)
    assert REASON in json.dumps(parsed, ensure_ascii=False)
    return number


def n_ads(person: Client) -> int:
    n: int = person.post("/ads/search", {})["n_total"]
    return n


def doctor_is_content(home: Home) -> bool:
    found = home.run("doctor")
    assert "WRONG" not in found.stdout, found.stdout
    return found.returncode == 0


def damages_are_named(home: Home) -> None:
    """Flip one byte in a stored page, a list and the audit log: each is named."""
    page = next(p for p in (home.folder / "evidence").glob("??/*") if p.read_bytes().startswith(b"WARC/"))
    table = next((home.folder / "releases").glob("000001/*.csv"))
    flip(page)
    flip(table)
    change_audit_event(home)
    said = home.run("verify").stdout
    assert f"stored file {page.name} was changed: page" in said
    assert table.name in said
    assert "audit event 3 was changed" in said


def flip(path: Path) -> None:
    body = bytearray(path.read_bytes())
    body[len(body) // 2] ^= 1
    path.write_bytes(bytes(body))


def change_audit_event(home: Home) -> None:
    """As somebody would who owns the database: the guards dropped first."""
    change = "UPDATE audit_event SET actor_name = 'nobody' WHERE seq = 3"
    url = home.environment.get("SAQSHY_DATABASE_URL")
    if url is None:
        import sqlite3

        with sqlite3.connect(home.folder / "saqshy.sqlite3") as connection:
            connection.execute("DROP TRIGGER audit_event_no_update")
            connection.execute(change)
        connection.close()
        return
    with psycopg.connect(url) as connection:
        connection.execute("ALTER TABLE audit_event DISABLE TRIGGER ALL")
        connection.execute(change)
