"""`saqshy evidence anchor`; imports of jobs stand inside, since every start of `saqshy` loads this module."""

from collections.abc import Iterator

import typer

from models.doctor import Finding
from models.errors import BadSettings, Rejected
from models.installation import Installation, open_installation
from models.worker import utc_now


class NotAnchored(Rejected):
    """Seals wait for an authority."""


def anchor() -> None:
    """Seal what is new now and have it stamped, without waiting for the day's end; says what waits."""
    from crawlers.evidence.authorities import load_authorities
    from crawlers.evidence.sealing import anchor_pending, count_waiting, seal_day, seal_items, seal_pending

    home = open_installation()
    database, audit, now = home.database, home.audit, utc_now()
    if not load_authorities(home.settings):
        raise NotAnchored("No authority is named. Set SAQSHY_TIMESTAMP_AUTHORITIES; see docs/operations.md.")
    n_sealed = 0
    while n_new := seal_pending(database, audit, now=now, after_seconds=0).n_done:
        n_sealed += n_new
    seal_day(database, audit, now=now, is_early=True)
    while seal_items(database, audit, now=now).n_done:
        continue
    n_stamped = 0
    while n_new := anchor_pending(database, audit, now=now).n_done:
        n_stamped += n_new
    typer.echo(f"{n_sealed} new items sealed, {n_stamped} seals stamped by all authorities.")
    if n_waiting := count_waiting(database):
        raise NotAnchored(f"{n_waiting} seals wait for an authority; the worker goes on trying.")


def evidence_findings(home: Installation) -> Iterator[Finding]:
    """What ``doctor`` says of time stamps and pictures; without either, evidence is kept all the same."""
    from crawlers.chromium import find_browser
    from crawlers.evidence.authorities import load_authorities
    from crawlers.evidence.sealing import count_waiting
    from models.timestamps import WANTED_AUTHORITIES

    try:
        names = [authority.name for authority in load_authorities(home.settings)]
    except BadSettings as error:
        yield Finding(False, error.message)
        return
    if names:
        is_enough = len(names) >= WANTED_AUTHORITIES
        yield Finding(
            is_enough, f"time stamp authorities: {', '.join(names)} ({WANTED_AUTHORITIES} are wanted)"
        )
        yield Finding(True, f"seals that wait for a time stamp: {count_waiting(home.database)}")
    else:
        yield Finding(True, "time stamp authorities: none, so evidence stays unanchored")
    browser = find_browser(home.settings)
    yield Finding(True, f"browser for pictures of pages: {browser or 'none, so there are no pictures'}")
