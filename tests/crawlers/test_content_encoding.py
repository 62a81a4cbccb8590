"""Bombs, cuts and lies of content encodings."""

import gzip
import resource
import time
import zlib
from pathlib import Path

import brotli
import pytest
from backports import zstd

from crawlers.content_encoding import undo_content_encoding

CAP = 3 * 1024 * 1024
PAGE = ("<p>Сәлем, әлем!</p>" * 200).encode()


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (PAGE, None),
        (PAGE, "identity"),
        (gzip.compress(PAGE, mtime=0), "gzip"),
        (gzip.compress(PAGE, mtime=0), "X-GZIP"),
        (gzip.compress(PAGE[:100], mtime=0) + gzip.compress(PAGE[100:], mtime=0), "gzip"),
        (gzip.compress(PAGE, mtime=0) + b"trailing junk", "gzip"),
        (zlib.compress(PAGE), "deflate"),
        (raw_deflate(PAGE), "deflate"),
        (brotli.compress(PAGE), "br"),
        (zstd.compress(PAGE), "zstd"),
        (zstd.compress(PAGE[:100]) + zstd.compress(PAGE[100:]), "zstd"),
        (gzip.compress(brotli.compress(PAGE), mtime=0), "br, gzip"),
    ],
)
def test_every_encoding_is_undone(body: bytes, encoding: str | None) -> None:
    undone = undo_content_encoding(body, encoding, max_bytes=CAP)
    assert undone.body == PAGE
    assert undone.is_complete


@pytest.mark.parametrize(
    ("body", "encoding", "problem"),
    [
        (PAGE, "gzip", "content_encoding_wrong: gzip"),
        (PAGE, "br", "content_encoding_wrong: br"),
        (PAGE, "zstd", "content_encoding_wrong: zstd"),
        (PAGE, "sdch", "content_encoding_unknown: sdch"),
        (PAGE, "gzip, gzip, gzip, gzip", "too_many_content_encodings"),
    ],
)
def test_a_wrong_encoding_leaves_the_bytes_as_they_are_and_says_so(
    body: bytes, encoding: str, problem: str
) -> None:
    undone = undo_content_encoding(body, encoding, max_bytes=CAP)
    assert (undone.body, undone.problems, undone.is_complete) == (body, (problem,), False)


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (gzip.compress(PAGE, mtime=0)[:-30], "gzip"),
        (gzip.compress(PAGE, mtime=0)[:-8] + b"\0" * 8, "gzip"),
        (zlib.compress(PAGE)[:-20], "deflate"),
        (brotli.compress(PAGE)[:-5], "br"),
        (zstd.compress(PAGE + bytes(range(256)) * 9)[:-5], "zstd"),
    ],
)
def test_a_cut_body_keeps_what_can_be_read_and_is_incomplete(body: bytes, encoding: str) -> None:
    undone = undo_content_encoding(body, encoding, max_bytes=CAP)
    assert undone.problems == ("content_encoding_cut",)
    assert (PAGE + bytes(range(256)) * 9).startswith(undone.body)


def test_a_chain_of_bombs_stops_at_the_cap() -> None:
    bomb = brotli.compress(bytes(256 * 1024 * 1024), quality=1)
    chained = gzip.compress(bomb, mtime=0)
    assert len(chained) < 5000
    started = time.monotonic()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    undone = undo_content_encoding(chained, "br, gzip", max_bytes=CAP)
    assert time.monotonic() - started < 1
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50 * 1024
    assert (len(undone.body), undone.problems) == (CAP, ("oversize",))


@pytest.mark.parametrize(
    ("name", "encoding", "n_bytes", "problem"),
    [
        ("scrapy_bomb-gzip.bin", "gzip", CAP, "oversize"),
        ("scrapy_bomb-deflate.bin", "deflate", CAP, "oversize"),
        ("scrapy_bomb-zstd.bin", "zstd", CAP, "oversize"),
        ("scrapy_html-br.bin", "br", 74_837, None),
        ("scrapy_html-rawdeflate.bin", "deflate", 74_840, None),
        ("scrapy_truncated-crc-error.gz", "gzip", 25_542, "content_encoding_cut"),
        ("webpage.html.gz", "gzip", 89_588, None),
    ],
)
def test_saved_bodies(shared_dir: Path, name: str, encoding: str, n_bytes: int, problem: str | None) -> None:
    body = (shared_dir / "fixtures" / "hostile" / name).read_bytes()
    undone = undo_content_encoding(body, encoding, max_bytes=CAP)
    assert undone.problems == ((problem,) if problem else ())
    assert len(undone.body) == n_bytes
