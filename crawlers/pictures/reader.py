"""Has a picture read in a child with limits; whatever the picture does, there is an answer."""

import shutil
import subprocess
import sys
import threading
from contextlib import suppress
from functools import cache
from os import killpg
from pathlib import Path
from signal import SIGALRM, SIGKILL, SIGXCPU

from crawlers.pictures.items import LANGUAGES, PictureReading, from_json
from crawlers.pictures.sniff import sniff
from models.enums import PictureProblem

# Of the child and of Tesseract, each; the largest picture that is decoded needs a third of it.
MEMORY_BYTES = 1024 * 1024 * 1024
TIMEOUT_SECONDS = 30
_MAX_ANSWER_BYTES = 256 * 1024
_ASK_SECONDS = 10


class PictureReader:
    """Reads pictures, each in a process of its own; safe to use from several threads.

    Args:
        tesseract: path of the program; see :func:`find_tesseract`.
        memory_bytes: address space of the child and of Tesseract.
        timeout_seconds: for one picture, from its first byte to the answer.
    """

    def __init__(
        self, tesseract: Path, *, memory_bytes: int = MEMORY_BYTES, timeout_seconds: int = TIMEOUT_SECONDS
    ) -> None:
        self._command = [
            *(sys.executable, "-I", "-B", "-m", "crawlers.pictures.child"),
            *(str(memory_bytes), str(timeout_seconds), str(tesseract)),
        ]
        self._timeout_seconds = timeout_seconds

    def read(self, body: bytes) -> PictureReading:
        """Read one picture; never raises for what it holds."""
        kind = sniff(body)
        if isinstance(kind, PictureProblem):  # no process for what needs none
            return PictureReading(kind)
        answer, status = self._ask(body)
        if status == 0:
            try:
                return from_json(answer)
            except (ValueError, KeyError, TypeError):
                status = None
        was_slow = status in (-SIGKILL, -SIGALRM, -SIGXCPU)
        problem = PictureProblem.TIMED_OUT if was_slow else PictureProblem.READER_DIED
        return PictureReading(problem, kind)

    def _ask(self, body: bytes) -> tuple[bytes, int | None]:
        """Answer and exit status of a child; its process group ends with it, Tesseract too."""
        process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={"OPENBLAS_NUM_THREADS": "1"},
            start_new_session=True,
        )
        if process.stdin is None or process.stdout is None:
            raise AssertionError("pipes were asked for")
        end = threading.Timer(self._timeout_seconds, _end_group, [process])
        end.start()
        try:
            with suppress(BrokenPipeError), process.stdin:
                process.stdin.write(body)  # the child reads all of it before it says anything
            with process.stdout:
                answer = process.stdout.read(_MAX_ANSWER_BYTES)
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=1)
        finally:
            end.cancel()
            end.join()
            status = process.returncode
            _end_group(process)
            process.wait()
        return answer, process.returncode if status is None else status


def _end_group(process: "subprocess.Popen[bytes]") -> None:
    with suppress(ProcessLookupError):
        killpg(process.pid, SIGKILL)


def read_picture(body: bytes) -> PictureReading:
    """Read one picture with the machine's Tesseract; without it, it is visibly not read."""
    tesseract = find_tesseract()
    if tesseract is None:
        return PictureReading(PictureProblem.NO_READER)
    return PictureReader(tesseract).read(body)


@cache
def find_tesseract() -> Path | None:
    """The program with all languages that are read; None where any of them is missing."""
    found = which_tesseract()
    return found if found and not missing_languages(found) else None


def which_tesseract() -> Path | None:
    """The program, whatever its languages."""
    found = shutil.which("tesseract")
    return Path(found) if found else None


def missing_languages(tesseract: Path) -> tuple[str, ...]:
    """Which of the languages a Tesseract has no data for; all of them if it does not answer."""
    try:
        listed = subprocess.run(  # noqa: S603 - the installed program
            [tesseract, "--list-langs"], capture_output=True, check=True, timeout=_ASK_SECONDS
        )
    except (OSError, subprocess.SubprocessError):
        return LANGUAGES
    there = set(listed.stdout.decode("utf-8", "replace").split())
    return tuple(language for language in (*LANGUAGES, "osd") if language not in there)
