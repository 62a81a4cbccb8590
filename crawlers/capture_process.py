"""Answers to the disk and the database, beside the reactor: a process forked by the crawl process.

Writing files and rows in threads of the crawl process makes the reactor wait for the
interpreter's lock at every one of their calls. What crosses the pipe is JSON and the
bytes of files, never pickles: it was made of what hostile servers sent.
"""

import gc
import signal
from collections.abc import Sequence
from datetime import datetime
from multiprocessing import get_context
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any, Self

import orjson

from crawlers.bytes_first import ByteKeeper
from crawlers.capture import Fetched, RunContext, store_captures
from crawlers.evidence.warc_file import CaptureFile
from crawlers.frontier import LeasedRequest
from models.blobs import BlobStore
from models.config import Settings
from models.enums import FetchResult, RequestKind
from models.errors import SaqshyError
from models.session import Database
from models.worker import utc_now

_STOP_WITHIN_SECONDS = 60.0
_SIZE_BYTES = 8


class CaptureFailed(SaqshyError):
    """The process could not store a batch, or is gone; ``context["kind"]`` names the error."""


class CaptureProcess:
    """Stores batches of answers durably; use as a context manager, from one thread at a time.

    It must be entered before this process has any thread or open connection, for it
    forks. The child ends when this process does, after the batch it is at.
    """

    def __init__(self, settings: Settings, run: RunContext) -> None:
        fork = get_context("fork")
        self._ours, theirs = fork.Pipe()
        self._process = fork.Process(target=_serve, args=(theirs, self._ours, settings, run))
        self._process.start()
        theirs.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ours.close()
        self._process.join(_STOP_WITHIN_SECONDS)
        self._process.kill()

    def store(self, batch: Sequence[Fetched]) -> None:
        """Do what :func:`crawlers.capture.store_captures` does; seals the answers.

        Raises:
            CaptureFailed: nothing of the batch may count as stored.
        """
        for fetched in batch:
            fetched.seal()
        try:
            self._ours.send_bytes(to_frame(batch))
            answer = orjson.loads(self._ours.recv_bytes())
        except (OSError, EOFError) as error:
            raise CaptureFailed("The capture process is gone.", kind=type(error).__name__) from error
        if "error" in answer:
            raise CaptureFailed("A batch could not be stored.", kind=answer["error"])
        for fetched, wait_until in zip(batch, answer["wait_until"], strict=True):
            fetched.wait_until = _time(wait_until)


def _serve(channel: Connection, other_end: Connection, settings: Settings, run: RunContext) -> None:
    """Be the child: store batches until the pipe ends."""
    other_end.close()  # or the end of the crawl process would not end the pipe
    for number in (signal.SIGINT, signal.SIGTERM):  # what was fetched is stored first
        signal.signal(number, signal.SIG_IGN)
    gc.freeze()
    db = Database(settings)
    with ByteKeeper(BlobStore(settings.evidence_dir)) as keeper:
        while True:
            try:
                frame = channel.recv_bytes()
            except (EOFError, ConnectionError):
                break
            channel.send_bytes(_store(db, keeper, run, frame))
    db.close()


def _store(db: Database, keeper: ByteKeeper, run: RunContext, frame: bytes) -> bytes:
    """Store a batch; the edge where a failure becomes the answer."""
    try:
        batch = from_frame(frame)
        store_captures(db, keeper, run, batch, now=utc_now())
    except Exception as error:  # the crawl process logs it and ends the run
        return orjson.dumps({"error": type(error).__name__})
    return orjson.dumps({"wait_until": [fetched.wait_until for fetched in batch]})


def to_frame(batch: Sequence[Fetched]) -> bytes:
    """Sealed answers as bytes: the length of the JSON, the JSON, then the files one after the other."""
    fields = orjson.dumps([_fields(fetched) for fetched in batch])
    files = [fetched.file.content for fetched in batch if fetched.file is not None]
    return b"".join((len(fields).to_bytes(_SIZE_BYTES, "big"), fields, *files))


def from_frame(frame: bytes) -> list[Fetched]:
    """Read what :func:`to_frame` wrote."""
    files_at = _SIZE_BYTES + int.from_bytes(frame[:_SIZE_BYTES], "big")
    batch = []
    for fields in orjson.loads(memoryview(frame)[_SIZE_BYTES:files_at]):
        file = fields["file"]
        if file is not None:
            n_bytes = file.pop("n_bytes")
            fields["file"] = CaptureFile(content=frame[files_at : files_at + n_bytes], **file)
            files_at += n_bytes
        batch.append(_from_fields(fields))
    return batch


def _fields(fetched: Fetched) -> dict[str, Any]:  # Any: JSON
    file = fetched.file
    return {
        "request": fetched.request,
        "result": fetched.result,
        "fetched_at": fetched.fetched_at,
        "final_url": fetched.final_url,
        "http_status": fetched.http_status,
        "headers": fetched.headers,
        "file": file
        and {
            "n_bytes": len(file.content),
            "payload_offset": file.payload_offset,
            "payload_bytes": file.payload_bytes,
            "payload_sha256": file.payload_sha256,
            "payload_encoding": file.payload_encoding,
            "is_built": file.is_built,
        },
        "error": fetched.error,
        "is_final": fetched.is_final,
        "wait_until": fetched.wait_until,
        "was_sent": fetched.was_sent,
    }


def _from_fields(fields: dict[str, Any]) -> Fetched:  # Any: JSON
    request = fields["request"]
    request["kind"] = RequestKind(request["kind"])
    fields["request"] = LeasedRequest(**request)
    fields["result"] = FetchResult(fields["result"])
    fields["fetched_at"] = datetime.fromisoformat(fields["fetched_at"])
    fields["wait_until"] = _time(fields["wait_until"])
    return Fetched(**fields)


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
