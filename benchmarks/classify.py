r"""How fast ``classify`` is beside a plain ``\w+`` pass over the same texts, in one process.

    .venv/bin/python -m benchmarks.classify [FILE.jsonl.gz]

Prints processor time, not the clock, because other work may share the machine.
"cold" is the first pass of a fresh process (words are read for the first time),
"warm" the second, "command" the cold pass together with loading lexicon and
dictionary: what one run of ``saqshy classify FILE`` costs. The plain pass is the
unit: machines differ, the ratio stays.
Exit status 1 if the cold pass misses its goal, 2 if the file is absent.
"""

import gzip
import json
import re
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

from classifiers.artifacts import install

DEFAULT = Path(__file__).resolve().parents[2] / "shared" / "data" / "hh_kz_full.jsonl.gz"
ARTIFACTS = Path(__file__).resolve().parents[1] / ".cache" / "artifacts"
GOAL_PERCENT = 8.0
WORD = re.compile(r"\w+")
SHORT = "Требуются девушки 18-25 в Дубай, билет за наш счёт, пишите @agent. +7 701 123 45 67"


def seconds(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(int(share * len(values)), len(values) - 1)]


def main(path: Path) -> int:
    if not path.exists():
        print(f"{path} is absent; name a file of JSON lines with text and title, gzipped")
        return 2
    with gzip.open(path) as lines:
        ads = [(ad["text"], ad.get("title")) for ad in map(json.loads, lines)]
    print(
        f"{path.name}: {len(ads)} ads, "
        f"{sum(len(text) for text, _ in ads) / len(ads):.0f} characters on average"
    )
    install(ARTIFACTS)  # fitted once; what follows is what every later start costs
    started = time.process_time()
    installed = install(ARTIFACTS)
    classify = installed.classify
    classify("начало")
    start = time.process_time() - started
    print(f"start: {start:.2f} s to load the artifact")

    def plain() -> None:
        for text, _ in ads:
            WORD.findall(text.lower())

    def ours() -> None:
        for text, title in ads:
            classify(text, title)

    shares = {}
    for name in ("cold", "warm"):
        unit = min(seconds(plain) for _ in range(5))
        took = seconds(ours)
        shares[name] = 100 * unit / took
        print(
            f"{name}: plain {len(ads) / unit:,.0f} ads/s, classify {len(ads) / took:,.0f} ads/s, "
            f"{shares[name]:.1f} %"
        )
        if name == "cold":
            print(f"command: {len(ads) / (start + took):,.0f} ads/s, {100 * unit / (start + took):.1f} %")
    short = [1000 * seconds(lambda: classify(SHORT)) for _ in range(2_000)]
    print(f"one short ad, warm: p50 {percentile(short, 0.5):.2f} ms, p99 {percentile(short, 0.99):.2f} ms")
    print(f"memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB at most")
    is_met = shares["cold"] >= GOAL_PERCENT
    print(f"goal: at least {GOAL_PERCENT:.0f} % of a plain pass, cold: {'met' if is_met else 'MISSED'}")
    return 0 if is_met else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT))
