"""What ``saqshy classify`` reads and prints."""

import itertools
import json
import os
import signal
from functools import cache
from typing import Any

import pytest

from classifiers.artifacts import Installed, install
from classifiers.batch import BatchCounts, classify_lines
from classifiers.parallel import ProcessEnded, in_processes
from tests.conftest import ARTIFACTS


def _run(*lines: bytes) -> tuple[list[dict[str, Any]], BatchCounts]:
    counts = BatchCounts()
    return [json.loads(line) for line in classify_lines(lines, _installed(), counts)], counts


@cache
def _installed() -> Installed:
    return install(ARTIFACTS)


def test_a_result_has_the_promised_form(installed: Installed) -> None:
    (result,), counts = _run('{"id":"a1","title":"Почка","text":"Продам почку, вторая группа"}\n'.encode())
    assert result["id"] == "a1"
    assert (result["language"], result["flagged"], result["side"]) == ("ru", True, "offer")
    assert max(result["purposes"], key=result["purposes"].get) == "organ_removal"
    hit = next(hit for hit in result["indicators"] if hit["code"] == "O01")
    assert "Продам почку, вторая группа"[hit["start"] : hit["end"]] == hit["quote"]
    assert hit["weight"] == 9
    assert result["counter_signs"] == []
    for word in result["model_words"]:
        text = "Почка" if word.get("in") == "title" else "Продам почку, вторая группа"
        assert text[word["start"] : word["end"]] == word["quote"]
    assert result["classifier_version"] == installed.version
    assert counts == BatchCounts(n_done=1, n_failed=0, n_flagged=1)


def test_hits_in_the_title_say_so() -> None:
    (result,), _ = _run('{"title":"Продам почку","text":"Звоните"}'.encode())
    assert {hit["in"] for hit in result["indicators"]} == {"title"}


def test_one_line_out_per_line_in_whatever_comes() -> None:
    lines = [
        b'\xef\xbb\xbf{"id":1,"text":"ok"}\r\n',
        b"{cut in ha\n",
        b'{"id":3}\n',
        b'{"id":4,"text":""}\n',
        b'{"id":5,"text":7}\n',
        b'[{"id":6}]\n',
        b"\n",
        b'{"id":8,"text":"\\ud83d \\ud83d\\udc76"}\n',
        b'{"id":9,"text":"\xff\xfe"}\n',
        b'{"id":10,"text":"' + b"a b " * 2_600_000 + b'"}\n',
        '{"id":11,"text":"Сатамын 👶"}'.encode(),
    ]
    results, counts = _run(*lines)
    assert [r["id"] for r in results] == [1, None, 3, 4, 5, None, 8, None, 10, 11]
    assert ["error" in r for r in results] == [False, True, True, True, True, True, False, True, False, False]
    assert (counts.n_done, counts.n_failed) == (4, 6)


def test_csv_with_each_delimiter_and_line_breaks_in_a_field() -> None:
    for delimiter in (b",", b";", b"\t"):
        header = delimiter.join([b"id", b"title", b"text"])
        row = delimiter.join([b"7", b"", '"Продам\nпочку"'.encode()])
        (result,), _ = _run(b"\xef\xbb\xbf" + header + b"\r\n", *row.splitlines(keepends=True))
        assert result["id"] == "7"
        assert result["language"] == "ru"


def test_a_csv_row_that_is_no_utf8_is_an_error_of_its_own() -> None:
    results, counts = _run(b"id,text\n", b"1,\xcf\xf0\xee\n", b"2,fine\n")
    assert [("error" in r) for r in results] == [True, False]
    assert counts.n_failed == 1


def test_progress_counts_bytes(installed: Installed) -> None:
    seen: list[int] = []
    lines = [b'{"text":"a"}\n', b'{"text":"b"}\n']
    list(classify_lines(lines, installed, on_progress=seen.append))
    assert seen[-1] == sum(map(len, lines))


def test_nothing_in_nothing_out() -> None:
    assert _run(b"", b"\n")[0] == []


def test_several_processes_give_the_same_lines_in_the_same_order(installed: Installed) -> None:
    lines = [json.dumps({"id": n, "text": f"Продам почку {n}"}).encode() for n in range(150)]
    lines[70:70] = [b"{cut in ha\n", b"\n", b'{"id":"x"}\n']
    one, several, n_bytes = BatchCounts(), BatchCounts(), list[int]()
    expected = list(classify_lines(lines, installed, one))
    found = list(classify_lines(lines, installed, several, n_bytes.append, n_processes=2))
    assert found == expected
    assert several == one == BatchCounts(n_done=150, n_failed=2, n_flagged=150)
    assert n_bytes[-1] == sum(map(len, lines))


def test_the_work_is_done_in_other_processes() -> None:
    workers = {pid for some in in_processes(lambda _: os.getpid(), range(500), 2) for pid in some}
    assert workers
    assert os.getpid() not in workers


def test_a_process_that_is_killed_is_named_and_nothing_hangs() -> None:
    def work(n: int) -> int:
        if n == 100:
            os.kill(os.getpid(), signal.SIGKILL)
        return n

    with pytest.raises(ProcessEnded, match="taskset"):
        list(in_processes(work, range(1_000), 2))


def test_a_long_input_is_never_read_far_ahead() -> None:
    n_read = itertools.count()
    first = next(iter(in_processes(str, n_read, 2)))
    assert first[0] == "0"
    assert next(n_read) < 1_000
