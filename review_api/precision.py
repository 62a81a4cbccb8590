"""How often each sign was right when the classifier was last measured, if it was.

``saqshy evaluate --json`` writes the figures; ``make evaluate`` puts them into
the data folder, where the pages about single ads read them.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FILE_NAME = "evaluation.json"


@dataclass(frozen=True)
class Precision:
    """Of ``n`` measured texts with the sign, ``k`` were rightly flagged; ``texts`` names the set."""

    k: int
    n: int
    texts: str


class Precisions:
    """The figures by sign, read again when the file changes; no file, or one that is not ours: none."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._read_at: tuple[int, int] | None = None
        self._by_code: dict[str, Precision] = {}

    def of(self, code: str) -> Precision | None:
        """The figure of one sign."""
        try:
            found = self._file.stat()
        except OSError:
            return None
        state = (found.st_mtime_ns, found.st_size)
        if state != self._read_at:
            self._by_code = _read(self._file)
            self._read_at = state
        return self._by_code.get(code)


def _read(file: Path) -> dict[str, Precision]:
    try:
        content: Any = json.loads(file.read_bytes())  # Any: JSON, checked below
        figures = content["indicator_precision"] or {"set": "", "indicators": {}}
        return {
            str(code): Precision(int(share["k"]), int(share["n"]), str(figures["set"]))
            for code, share in figures["indicators"].items()
            if share["n"]
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}
