"""A process that reads single texts, for the page on which a text may be tried.

``python -m classifiers.trial FOLDER`` with the folder of the artifacts. One JSON
line ``{"text", "title"}`` in, one JSON line out: what :func:`read_one` returns, or
``{"problem"}``. The first line out is ``{"ready": true}``, or the problem for which
there is no classifier, after which the process ends. Nothing is stored or logged.
"""

import json
import os
import select
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from classifiers.artifact import BadArtifact
from classifiers.artifacts import Installed, load
from classifiers.explaining import explain_result
from classifiers.indicators import Hit
from classifiers.risk import ModelWord
from models.errors import SaqshyError

IDLE_SECONDS = 1800
"""After so long without a question the process ends, to give its memory back; the next starts another."""


def read_one(installed: Installed, text: str, title: str | None) -> dict[str, Any]:
    """Return everything there is to say of one text, as plain JSON types."""
    result = installed.classify(text, title)
    explanation = explain_result(installed, result, text, title)
    return {
        "language": result.language.value,
        "is_flagged": result.flagged,
        "priority": result.priority,
        "level": result.level.value,
        "side": result.side.value,
        "purposes": {purpose.value: score for purpose, score in result.purposes.items()},
        "is_minor": result.is_minor,
        "is_live_victim": result.is_live_victim,
        "rules": list(result.rules),
        "hits": [_hit(hit, is_counter_sign=False) for hit in result.indicators]
        + [_hit(hit, is_counter_sign=True) for hit in result.counter_signs],
        "words": [_word(word) for word in explanation.words],
        "explanation": explanation.as_json(),
        "classifier_version": installed.version,
    }


def _hit(hit: Hit, *, is_counter_sign: bool) -> dict[str, Any]:
    return {
        "code": hit.code,
        "place": hit.place.value,
        "start": hit.start,
        "end": hit.end,
        "quote": hit.quote,
        "weight": hit.weight,
        "is_counter_sign": is_counter_sign,
        "is_counted": hit.counted,
        "reason": hit.reason,
    }


def _word(word: ModelWord) -> dict[str, Any]:
    return {**asdict(word), "place": word.place.value}


def _answer(installed: Installed, line: bytes) -> dict[str, Any]:
    question = json.loads(line)
    try:
        return read_one(installed, question["text"], question["title"])
    except SaqshyError as error:
        return {"problem": error.code}
    except Exception as error:  # the edge: one text must not end the process
        return {"problem": type(error).__name__}


def main(folder: Path) -> None:
    """Answer until nobody asks any more."""
    lines, answers = sys.stdin.buffer, sys.stdout.buffer

    def say(answer: dict[str, Any]) -> None:
        answers.write(json.dumps(answer).encode() + b"\n")
        answers.flush()

    try:
        installed = load(folder)
    except BadArtifact as error:
        say({"problem": error.code})
        return
    installed.classify("Жылыту")  # what is loaded at the first text
    say({"ready": True})
    while select.select([lines], [], [], IDLE_SECONDS)[0]:
        line = lines.readline()
        if not line:
            return
        say(_answer(installed, line))


if __name__ == "__main__":
    os.umask(0o077)
    main(Path(sys.argv[1]))
