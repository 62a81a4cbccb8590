from collections.abc import Iterator

import pytest

from crawlers.sample_web.server import SampleWeb


@pytest.fixture
def web() -> Iterator[SampleWeb]:
    with SampleWeb() as started:
        yield started
