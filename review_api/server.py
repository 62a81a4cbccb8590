"""The web server around the application."""

import gc

import uvicorn
from fastapi import FastAPI

from models.config import Settings

STOP_WITHIN_SECONDS = 10


def run_server(app: FastAPI, settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT; running requests get a few seconds to end."""
    # What start-up made stays for good: the collector need not walk through it again while somebody waits.
    gc.collect()
    gc.freeze()
    uvicorn.run(
        app,
        host=settings.host,
        port=settings.port,
        # Our own logs are set up already; request lines would put search terms into them.
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=STOP_WITHIN_SECONDS,
    )
