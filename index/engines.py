"""Which engine an installation uses."""

from index.embedded import EmbeddedEngine
from index.engine import SearchEngine
from models.config import Settings


def open_engine(settings: Settings) -> SearchEngine:
    """Open the engine that the settings name: Elasticsearch at ``search_url``, else the embedded one.

    Nothing is asked of a server and no index is made yet.

    Raises:
        BadSettings: settings that contradict each other.
    """
    if settings.search_url is not None:
        # 0.4 s of imports and 25 MB that an embedded installation shall not pay in each process.
        from index.elastic_client import make_client
        from index.elasticsearch import ElasticsearchEngine

        return ElasticsearchEngine(make_client(settings), prefix=settings.search_index_prefix)
    return EmbeddedEngine(settings.index_dir)
