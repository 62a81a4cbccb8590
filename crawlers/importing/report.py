"""What an import did with each row."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from crawlers.importing.reasons import reason_sentence

MAX_NAMED = 20


@dataclass(slots=True)
class ImportReport:
    """Counts of one file: rows in = stored + duplicates + refused.

    Attributes:
        n_rows: records that should hold an ad or a page.
        n_stored: rows that brought something new.
        n_duplicates: rows that were here already: the same record, or the same ad with the same text.
        n_ads: new ads.
        refused: how many rows were refused, by reason.
        named: the first refused rows, each ``place: reason`` in plain words.
        skipped: records that are no pages at all, by kind; not counted as rows.
    """

    path: Path
    n_rows: int = 0
    n_stored: int = 0
    n_duplicates: int = 0
    n_ads: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    named: list[str] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)

    def refuse(self, place: str, reason: str) -> None:
        """Count a refused row and name it."""
        self.n_rows += 1
        self.refused[reason] += 1
        if len(self.named) < MAX_NAMED:
            self.named.append(f"{place}: {reason_sentence(reason)}")

    @property
    def n_refused(self) -> int:
        """Refused rows."""
        return self.refused.total()

    @property
    def reasons(self) -> list[str]:
        """The most frequent reasons with their counts, ``3 bad_url``; nothing of what the file says."""
        return [f"{n} {reason}" for reason, n in self.refused.most_common(MAX_NAMED)]

    @property
    def is_good(self) -> bool:
        """Whether no row was refused; the command's exit status."""
        return not self.refused

    def lines(self) -> Iterator[str]:
        """The report for people."""
        yield (
            f"{self.path}: rows {self.n_rows} = stored {self.n_stored} + already here {self.n_duplicates}"
            f" + refused {self.n_refused}; new ads {self.n_ads}"
        )
        for reason, n in self.refused.most_common():
            yield f"  refused {n}: {reason_sentence(reason)}"
        yield from (f"  {name}" for name in self.named)
        if self.n_refused > len(self.named):
            yield f"  … and {self.n_refused - len(self.named)} more"
        for kind, n in self.skipped.most_common():
            yield f"  passed over {n}: {kind}"
