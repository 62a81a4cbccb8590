"""All benchmarks one after the other: ``make bench``. Each states its goal and exits 1 when it is missed."""

import subprocess
import sys

NAMES = ("classify", "crawl", "crawl_memory", "import_warc", "parse", "queue", "search")


def main() -> int:
    missed = []
    for name in NAMES:
        print(f"== {name}", flush=True)
        if subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=False).returncode:
            missed.append(name)
    print(f"missed: {', '.join(missed)}" if missed else "all goals met")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
