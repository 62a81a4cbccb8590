"""A real uvicorn on a free loopback port, in a thread, with invented rows."""

import shutil
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import uvicorn

from index.embedded import EmbeddedEngine
from index.jobs import index_pending
from models.audit import AuditLog
from models.config import Settings, load_settings
from models.session import Database
from review_api.app import create_app
from tests.browser.evidence import add_evidence
from tests.browser.rows import add_ads, add_people
from tests.conftest import ARTIFACTS, open_database


@dataclass(frozen=True)
class RunningServer:
    """Where it answers, and its database, for tests that look behind the screen."""

    url: str
    db: Database
    settings: Settings


@contextmanager
def run_server(folder: Path, locale: str = "kk") -> Iterator[RunningServer]:
    """Serve a fresh installation with people, ads and a search index.

    Args:
        folder: for everything it keeps.
        locale: the language of all its people.
    """
    settings = load_settings(data_dir=folder / "var")
    database = open_database(settings)
    with database.write() as session:
        add_people(session, locale)
        add_ads(session, datetime.now(UTC))
        add_evidence(session, settings, datetime.now(UTC))
    shutil.copytree(ARTIFACTS, settings.artifacts_dir)
    engine = EmbeddedEngine(settings.index_dir)
    index_pending(database, engine, now=datetime.now(UTC))
    app = create_app(settings, db=database, audit=AuditLog(b"k" * 32), search=engine)
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(app, log_level="error", access_log=False, ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        _wait_until_started(server)
        yield RunningServer(f"http://127.0.0.1:{listener.getsockname()[1]}", database, settings)
    finally:
        server.should_exit = True
        thread.join(timeout=10)
        listener.close()
        app.state.services.trial.close()
        engine.close()
        database.close()


def _wait_until_started(server: uvicorn.Server) -> None:
    for _ in range(500):
        if server.started:
            return
        time.sleep(0.02)
    raise TimeoutError("uvicorn did not start within ten seconds")
