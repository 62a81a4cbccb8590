"""Sources whose pages need a browser, where there is none: nothing is asked, nothing counts as fetched."""

import os
from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from crawlers.chromium import find_browser
from crawlers.frontier import give_up_pending
from crawlers.sources_config import config_of
from models.config import Settings
from models.crawl import CrawlRun, Source
from models.doctor import Finding
from models.enums import FetchResult, RunState, check_transition
from models.leases import release

NO_BROWSER = "no_browser"
WHAT_TO_DO = "install Debian's package chromium, or set SAQSHY_CHROMIUM"


def lacks_browser(session: Session, run_id: int, settings: Settings) -> bool:
    """Whether a run cannot begin because its source needs Chromium and there is none."""
    source = session.get_one(CrawlRun, run_id).source
    return config_of(source).browser is not None and find_browser(settings) is None


def end_without_browser(session: Session, run: CrawlRun, now: datetime) -> None:
    """Fail a run that was just taken, and what people wait for in it, with that reason."""
    n_left = give_up_pending(session, run.id, NO_BROWSER, FetchResult.BROKEN)
    release(run)
    run.state = check_transition(run.state, RunState.FAILED)
    run.finished_at, run.n_failed, run.error = now, run.n_failed + n_left, NO_BROWSER


def browser_findings(session: Session, settings: Settings) -> Iterator[Finding]:
    """What ``doctor`` says of the sources that are on and need a browser."""
    sources = session.scalars(select(Source).where(Source.is_enabled).order_by(Source.name))
    names = ", ".join(source.name for source in sources if config_of(source).browser is not None)
    browser = find_browser(settings)
    if names and browser is None:
        text = (
            f"Sources need a browser and there is none, so nothing of them is fetched: {names}. To mend it, "
        )
        yield Finding(False, f"{text}{WHAT_TO_DO}.")
    elif names:
        yield Finding(True, f"sources that are fetched by a browser ({browser}): {names}")
        if os.geteuid() == 0:
            yield Finding(
                False, "As root Chromium runs pages' scripts without its sandbox. Use an ordinary user."
            )
