import subprocess
import sys

CHILD = (
    "from crawlers.memory import PresentMemoryUsage as P;"
    "import resource;"
    "print(P.get_virtual_size(P.__new__(P)), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)"
)


def test_a_crawl_is_measured_by_what_it_holds_not_by_who_started_it() -> None:
    ballast = bytearray(b"x" * 700_000_000)
    answer = subprocess.run([sys.executable, "-c", CHILD], capture_output=True, text=True, check=True)
    del ballast
    now, _peak = (int(figure) for figure in answer.stdout.split())
    assert 5_000_000 < now < 400_000_000
