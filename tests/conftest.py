"""Fixtures every room shares."""

from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parent.parent.parent / "shared"


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """The folder of saved pages and real texts beside a checkout; only engineers and CI have it."""
    if not SHARED.is_dir():
        pytest.skip("../shared (saved pages and real texts) is not beside this checkout")
    return SHARED
