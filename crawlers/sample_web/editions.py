"""Which edition each sample site shows, remembered over restarts.

A site begins with edition 1. When every ad of it has been served in full at
least once, and then a listing page is asked for a second time, edition 2 opens.
So a first crawl, however often it is interrupted, sees one state of the site,
and the next crawl sees the changes.
"""

import json
import os
import threading
from dataclasses import dataclass, field
from pathlib import Path

from crawlers.sample_web.ads import LAST_EDITION, in_edition
from crawlers.sample_web.site import Answer, Site
from models.errors import Rejected


class SampleStateDamaged(Rejected):
    """The file that remembers the editions cannot be read."""


@dataclass(slots=True)
class _Progress:
    """``served`` holds keys of ads, beginning with the host, and listing addresses, beginning with ``/``."""

    edition: int = 1
    served: set[str] = field(default_factory=set)


class EditionBook:
    """Progress of every site; safe to use from many threads.

    Args:
        sites: by host name.
        state_file: where progress is kept; None = only in memory.

    Raises:
        SampleStateDamaged: the file is there and is not ours.
    """

    def __init__(self, sites: dict[str, Site], state_file: Path | None) -> None:
        self._sites = sites
        self._file = state_file
        self._lock = threading.Lock()
        self._progress = {host: _Progress() for host in sites}
        if state_file is not None and state_file.exists():
            self._load(state_file)

    def edition(self, host: str) -> int:
        """Return the edition that ``host`` shows now."""
        with self._lock:
            return self._progress[host].edition

    def turn_if_read(self, host: str, target: str) -> bool:
        """Open the next edition of ``host`` if asking for ``target`` begins a new crawl; say whether."""
        with self._lock:
            progress = self._progress[host]
            keys = {ad.key for ad in in_edition(self._sites[host].ads, progress.edition)}
            if progress.edition >= LAST_EDITION or not keys | {target} <= progress.served:
                return False
            progress.edition += 1
            self._save()
            return True

    def note_served(self, host: str, target: str, answer: Answer) -> None:
        """Remember which ads an answer showed in full, and that a listing was asked for."""
        served = answer.shown | ({target} if answer.is_listing else set())
        with self._lock:
            progress = self._progress[host]
            if progress.edition < LAST_EDITION and not served <= progress.served:
                progress.served |= served
                self._save()

    def _load(self, state_file: Path) -> None:
        try:
            stored = json.loads(state_file.read_text(encoding="utf-8"))
            for host, row in stored.items():
                self._progress[host] = _Progress(int(row["edition"]), set(row["served"]))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise SampleStateDamaged(
                f"{state_file} does not hold the sample web's progress; remove it to begin with edition 1"
            ) from error

    def _save(self) -> None:
        if self._file is None:
            return
        stored = {
            host: {"edition": progress.edition, "served": sorted(progress.served)}
            for host, progress in self._progress.items()
        }
        self._file.parent.mkdir(parents=True, exist_ok=True)
        beside = self._file.with_name(self._file.name + ".new")
        with beside.open("w", encoding="utf-8") as handle:
            json.dump(stored, handle, indent=1)
            handle.flush()
            os.fsync(handle.fileno())
        beside.replace(self._file)
