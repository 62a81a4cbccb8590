"""Texts written before their cues were looked at, then kept as a floor.

The first reading found 22 of the 40 flagged and passed all 40 honest ones; the
cues were then widened by situation. One stays missed on purpose: two bank
cards for rent weigh 4 by the published list and need a second sign.
"""

import json
from pathlib import Path

from classifiers.risk import classify

GOLDEN = Path(__file__).parent / "golden"
MIN_FLAGGED = 39


def _texts(name: str) -> dict[str, str]:
    lines = (GOLDEN / name).read_text("utf-8").splitlines()
    return {row["id"]: row["text"] for row in map(json.loads, lines)}


def test_new_wordings_are_flagged() -> None:
    texts = _texts("fresh_flagged.jsonl")
    missed = [key for key, text in texts.items() if not classify(text).flagged]
    assert len(texts) - len(missed) >= MIN_FLAGGED, missed


def test_hard_honest_texts_are_not_flagged() -> None:
    assert [key for key, text in _texts("fresh_honest.jsonl").items() if classify(text).flagged] == []
