"""The fit: the same bytes every time, and anew when what it is fitted from changes."""

from pathlib import Path

import pytest

from classifiers import artifacts, train
from classifiers.artifact import to_bytes
from classifiers.dataset import read_corpus
from classifiers.lexicon import load_lexicon


@pytest.mark.usefixtures("installed")  # its lexicon is compiled, or each process would do that
def test_one_processor_fits_the_same_bytes_as_two(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = read_corpus("train")[::250]
    fitted = []
    for n in (1, 2):
        monkeypatch.setattr(train, "n_processors", lambda n=n: n)
        fitted.append(to_bytes(train.fit(texts, load_lexicon())))
    assert fitted[0] == fitted[1]


def test_another_fit_is_another_artifact(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A threshold that was changed in the code alone was once measured with the artifact of the old one."""
    (tmp_path / artifacts._pointer(tmp_path).name).touch()
    assert artifacts.is_fitted(tmp_path)
    changed = tmp_path / "train.py"
    changed.write_bytes(
        artifacts._FITTING.read_bytes().replace(b"MAX_FALSE_ALARMS = 0.03", b"MAX_FALSE_ALARMS = 0.02")
    )
    monkeypatch.setattr(artifacts, "_FITTING", changed)
    assert not artifacts.is_fitted(tmp_path)
