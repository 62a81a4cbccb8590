"""Telling the person at the terminal where to go, once the pages answer."""

import threading
from collections.abc import Sequence
from http.client import HTTPException
from urllib.error import URLError
from urllib.request import urlopen

import typer

from models.config import Settings

PATIENCE_SECONDS = 120.0
_POLL_SECONDS = 0.3


def announce(settings: Settings, lines: Sequence[str], stop: threading.Event) -> None:
    """Wait until the pages answer, then print the address and the given lines."""
    address = f"http://{settings.host}:{settings.port}/"
    waited = 0.0
    while not _answers(f"{address}api/v1/health"):
        if stop.wait(_POLL_SECONDS):
            return
        waited += _POLL_SECONDS
        if waited > PATIENCE_SECONDS:
            typer.echo(
                f"The pages do not answer at {address}. The lines above say why; `saqshy doctor` may, too."
            )
            return
    typer.echo(
        "\n".join(
            ["", f"Saqshy is ready: {settings.public_url or address}", "", *lines, "", "Ctrl-C stops it.", ""]
        )
    )


def _answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=2) as answer:  # noqa: S310 - our own address, http only
            return bool(answer.status == 200)
    except (URLError, HTTPException, OSError):
        return False
