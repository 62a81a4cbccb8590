"""Both engines, the second against a real node that one test process starts once."""

from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from index.elastic_client import make_client
from index.elasticsearch import ElasticsearchEngine
from index.embedded import EmbeddedEngine
from index.engine import SearchEngine
from models.config import Settings, load_settings
from tests.conftest import skip_unless_ci
from tests.servers.elasticsearch import RunningElasticsearch, missing_programs, start_elasticsearch

JARS = Path(__file__).resolve().parent.parent.parent / ".cache" / "elasticsearch"


def start_node(data_dir: Path, **options: object) -> RunningElasticsearch:
    """Start a real node, or say why the suite is left out."""
    missing = missing_programs()
    if missing:
        skip_unless_ci(
            f"{' and '.join(missing)} not installed: a real Elasticsearch needs a JDK 17 and Maven"
        )
    return start_elasticsearch(JARS, data_dir, **options)  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def elasticsearch_node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningElasticsearch]:
    """A real node for the whole run of this worker."""
    node = start_node(tmp_path_factory.mktemp("elasticsearch"))
    yield node
    node.stop()


def elasticsearch_settings(url: str, tmp_path: Path) -> Settings:
    """Settings with a prefix of their own, so that tests do not see one another."""
    return load_settings(data_dir=tmp_path, search_url=url, search_index_prefix=f"t{uuid4().hex[:12]}")


def open_elasticsearch(settings: Settings) -> ElasticsearchEngine:
    """An engine that never waits between tries."""
    return ElasticsearchEngine(
        make_client(settings), prefix=settings.search_index_prefix, sleep=lambda _seconds: None
    )


@pytest.fixture
def elasticsearch_engine(
    elasticsearch_node: RunningElasticsearch, tmp_path: Path
) -> Iterator[ElasticsearchEngine]:
    """An empty index on the node."""
    engine = open_elasticsearch(elasticsearch_settings(elasticsearch_node.url, tmp_path))
    engine.create()
    yield engine
    engine.close()


@pytest.fixture
def embedded_engine(tmp_path: Path) -> Iterator[EmbeddedEngine]:
    """An empty embedded index."""
    engine = EmbeddedEngine(tmp_path / "index")
    engine.create()
    yield engine
    engine.close()


@pytest.fixture(params=["embedded", pytest.param("elasticsearch", marks=pytest.mark.elasticsearch)])
def engine(request: pytest.FixtureRequest) -> SearchEngine:
    """Each engine in turn."""
    engine: SearchEngine = request.getfixturevalue(f"{request.param}_engine")
    return engine


@pytest.fixture
def without_index(tmp_path: Path) -> Callable[[SearchEngine], SearchEngine]:
    """Gives an engine of the same kind that has no index yet."""

    def make(engine: SearchEngine) -> SearchEngine:
        if isinstance(engine, ElasticsearchEngine):
            return ElasticsearchEngine(
                engine._client, prefix=f"t{uuid4().hex[:12]}", sleep=lambda _seconds: None
            )
        return EmbeddedEngine(tmp_path / "other")

    return make
