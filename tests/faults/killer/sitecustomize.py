"""Python loads this first in the processes of :mod:`tests.faults.test_kill_points`: kills at a named point.

``KILL_AT_POINT`` is ``POINT:WHEN:N:ROLE``, e.g. ``rename:after:2:capture``: kill -9 for the whole process
group right after the second rename of a stored file in the process that stores. ``WHEN`` may be ``eio``: then
the call fails once, as on a broken disk, and nobody is killed.
"""

import errno
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

_FIRST_PID = os.getpid()
_ARGUMENTS = " ".join(sys.orig_argv)


def _role() -> str:
    if "crawlers.crawl_process" not in _ARGUMENTS:
        return "worker"
    return "crawl" if os.getppid() == _FIRST_PID else "capture"  # the first is the starter


def _is_stored_file(target: Any) -> bool:
    path = str(Path(f"/proc/self/fd/{target}").readlink() if isinstance(target, int) else target)
    return path.endswith(".tmp")


def _die() -> None:
    os.killpg(os.getpgid(0), signal.SIGKILL)
    signal.pause()


def _deadly(
    call: Callable[..., Any], when: str, n: int, role: str, counts: Callable[[Any], bool]
) -> Callable[..., Any]:
    left = [n]

    def run(*args: Any, **kwargs: Any) -> Any:
        if _role() != role or not counts(args[0]):
            return call(*args, **kwargs)
        left[0] -= 1
        if left[0] == 0 and when == "before":
            _die()
        if left[0] == 0 and when == "eio":
            raise OSError(errno.EIO, "Input/output error")
        result = call(*args, **kwargs)
        if left[0] == 0 and when == "after":
            _die()
        return result

    return run


def _arm(point: str, when: str, n: int, role: str) -> None:
    if point == "commit":
        from sqlalchemy.orm import Session

        Session.commit = _deadly(Session.commit, when, n, role, lambda _: True)  # type: ignore[method-assign]
        return
    name = {"write": "write", "fsync": "fsync", "rename": "replace"}[point]
    setattr(os, name, _deadly(getattr(os, name), when, n, role, _is_stored_file))


if "KILL_AT_POINT" in os.environ:
    _point, _when, _n, _of = os.environ["KILL_AT_POINT"].split(":")
    _arm(_point, _when, int(_n), _of)
