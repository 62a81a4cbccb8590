r"""How fast ``classify`` is beside a plain ``\w+`` pass over the same texts, in one process.

    .venv/bin/python benchmarks/classify.py [FILE.jsonl.gz]

Prints processor time, not the clock, because other work may share the machine.
"cold" is the first pass of a fresh process (words are read for the first time),
"warm" the second. The plain pass is the unit: machines differ, the ratio stays.
"""

import gzip
import json
import re
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

from classifiers.risk import classify

DEFAULT = Path(__file__).resolve().parents[2] / "shared" / "data" / "hh_kz_full.jsonl.gz"
WORD = re.compile(r"\w+")
SHORT = "Требуются девушки 18-25 в Дубай, билет за наш счёт, пишите @agent. +7 701 123 45 67"


def seconds(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(int(share * len(values)), len(values) - 1)]


def main(path: Path) -> None:
    with gzip.open(path) as lines:
        ads = [(ad["text"], ad.get("title")) for ad in map(json.loads, lines)]
    print(
        f"{path.name}: {len(ads)} ads, "
        f"{sum(len(text) for text, _ in ads) / len(ads):.0f} characters on average"
    )
    start = seconds(lambda: classify("начало"))
    print(f"start: {start:.2f} s to load lexicon and dictionary")

    def plain() -> None:
        for text, _ in ads:
            WORD.findall(text.lower())

    def ours() -> None:
        for text, title in ads:
            classify(text, title)

    for name in ("cold", "warm"):
        unit = min(seconds(plain) for _ in range(5))
        took = seconds(ours)
        rate, plain_rate = len(ads) / took, len(ads) / unit
        print(
            f"{name}: plain {plain_rate:,.0f} ads/s, classify {rate:,.0f} ads/s, "
            f"{100 * rate / plain_rate:.1f} %"
        )
    short = [1000 * seconds(lambda: classify(SHORT)) for _ in range(2_000)]
    print(f"one short ad, warm: p50 {percentile(short, 0.5):.2f} ms, p99 {percentile(short, 0.99):.2f} ms")
    print(f"memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB at most")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT)
