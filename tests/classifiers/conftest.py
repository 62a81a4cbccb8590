"""The lexicon as an installation has it: compiled once, when the classifier was fitted."""

import pytest

from classifiers.artifacts import Installed
from classifiers.lexicon import load_lexicon
from tests.conftest import ARTIFACTS


@pytest.fixture(scope="session", autouse=True)
def kept_lexicon(installed: Installed) -> None:
    """Without its folder each process of tests would compile the lexicon anew (10 s of processor time)."""
    load_lexicon(ARTIFACTS)
