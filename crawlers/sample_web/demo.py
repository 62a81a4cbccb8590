"""What the demo sets so that the crawler finds the sample web and nothing else."""

import socket

from crawlers.sample_web.server import LOOPBACK
from crawlers.sample_web.sites import all_sites
from crawlers.sources_config import SAMPLE_SOURCES


def sample_environment() -> tuple[int, dict[str, str]]:
    """A free port for the sample web, and the settings that lead its host names there."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
    pair = f"{LOOPBACK}:{port}"
    return port, {
        "SAQSHY_LOOPBACK_ALLOW": pair,
        "SAQSHY_HOST_OVERRIDES": ",".join(f"{host}={pair}" for host in all_sites()),
        "SAQSHY_SOURCES_DIR": str(SAMPLE_SOURCES),
    }
