import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from models.processes import Child, Supervisor


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def wait_until(condition: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.05)


def test_a_fallen_child_is_started_again_and_all_end_together(tmp_path: Path) -> None:
    starts = tmp_path / "starts"
    falls = python(f"open({str(starts)!r}, 'a').write('x')")
    stays = Child("stays", python("import time; time.sleep(600)"), {})
    stop = threading.Event()
    supervisor = Supervisor([Child("falls", falls, {}), stays])
    thread = threading.Thread(target=supervisor.run, args=(stop,))
    thread.start()
    try:
        wait_until(lambda: starts.exists() and len(starts.read_text()) >= 2)
    finally:
        stop.set()
        thread.join(20)
    assert not thread.is_alive()
    assert stays.process is not None
    assert stays.process.poll() is not None


def test_a_child_gets_its_environment(tmp_path: Path) -> None:
    out = tmp_path / "out"
    child = Child(
        "c", python(f"import os; open({str(out)!r}, 'w').write(os.environ['SAQSHY_X'])"), {"SAQSHY_X": "қ"}
    )
    child.start()
    assert child.process is not None
    assert child.process.wait(20) == 0
    assert out.read_text() == "қ"
