"""Memory limit of a crawl process, by what it holds now."""

import os
import sys
from pathlib import Path

from scrapy.extensions.memusage import MemoryUsage

_STATM = Path("/proc/self/statm")


class PresentMemoryUsage(MemoryUsage):
    """Scrapy's memory limit, measured right.

    Scrapy asks for the peak (``ru_maxrss``), which on Linux a process inherits from
    the one that started it: under a large worker every crawl would end at once.
    """

    def get_virtual_size(self) -> int:
        """Resident memory in bytes, now (on Linux; elsewhere Scrapy's own figure)."""
        if not sys.platform.startswith("linux"):
            return super().get_virtual_size()
        resident_pages = int(_STATM.read_text(encoding="ascii").split()[1])
        return resident_pages * os.sysconf("SC_PAGE_SIZE")
