"""A real Elasticsearch node on loopback, run from its Maven Central jars.

The pinned versions stand in ``elasticsearch/pom.xml``; the jars lie in a cache
folder outside the repository's files and are fetched by Maven when they are
missing. See docs/operations.md for the server that an installation uses.
"""

import os
import shutil
import signal
import subprocess
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from tests.servers.postgres import free_port

HERE = Path(__file__).with_name("elasticsearch")
VERSION = "8.19.21"
START_SECONDS = 90.0
MODULE_JARS = ("transport-netty4-*.jar", "netty-*.jar")


@dataclass
class RunningElasticsearch:
    """A started node; ``stop`` asks it to close, ``kill`` is a crash."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def pid(self) -> int:
        return self.process.pid

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                self.kill()

    def kill(self) -> None:
        if self.process.poll() is None:
            os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait(timeout=30)


def missing_programs() -> list[str]:
    """Names of what a node needs and this machine lacks."""
    return [name for name in ("java", "mvn") if shutil.which(name) is None]


def start_elasticsearch(
    cache_dir: Path, data_dir: Path, *, http_port: int | None = None, settings: dict[str, str] | None = None
) -> RunningElasticsearch:
    """Start one node and wait until it answers.

    Args:
        cache_dir: where the jars are kept between runs; filled when they are missing.
        data_dir: the node's own data; start again on the same folder to see what survived.
        http_port: a free one unless given.
        settings: further settings of the node.

    Raises:
        RuntimeError: the jars could not be fetched or the node did not start; holds the end of its log.
    """
    home = _prepare_home(cache_dir)
    data_dir.mkdir(parents=True, exist_ok=True)
    http_port = http_port or free_port()
    options = {
        "path.home": str(home),
        "path.data": str(data_dir / "data"),
        "path.logs": str(data_dir / "logs"),
        "http.port": str(http_port),
        "transport.port": str(free_port()),
        "cluster.name": f"saqshy-test-{http_port}",
        "node.name": "saqshy-test",
        "discovery.type": "single-node",
        "cluster.routing.allocation.disk.threshold_enabled": "false",
        **(settings or {}),
    }
    log = data_dir / "node.log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            [
                "java",
                "-Xms512m",
                "-Xmx512m",
                f"-Des.path.home={home}",
                "-cp",
                str(home / "lib" / "*"),
                str(HERE / "RunNode.java"),
                *(f"{key}={value}" for key, value in options.items()),
            ],
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    node = RunningElasticsearch(f"http://127.0.0.1:{http_port}", process, log)
    _wait_until_ready(node)
    return node


def _wait_until_ready(node: RunningElasticsearch) -> None:
    address = f"{node.url}/_cluster/health?wait_for_status=yellow&timeout=30s"
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if node.process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(address, timeout=35) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.2)
    node.kill()
    tail = node.log.read_text(errors="replace")[-3000:]
    raise RuntimeError(f"Elasticsearch {VERSION} did not start within {START_SECONDS:.0f} s:\n{tail}")


def _prepare_home(cache_dir: Path) -> Path:
    """Lay out a server folder in the cache, under another name until it is whole."""
    home = cache_dir.resolve() / f"elasticsearch-{VERSION}"
    if home.is_dir():
        return home
    draft = home.with_name(f"{home.name}.{os.getpid()}.tmp")
    shutil.rmtree(draft, ignore_errors=True)
    _copy_jars(draft / "lib")
    module = draft / "modules" / "transport-netty4"
    for folder in (module, draft / "config", draft / "plugins"):
        folder.mkdir(parents=True)
    for pattern in MODULE_JARS:
        for jar in (draft / "lib").glob(pattern):
            jar.rename(module / jar.name)
    shutil.copy(HERE / "plugin-descriptor.properties", module)
    shutil.copy(HERE / "log4j2.properties", draft / "config")
    try:
        draft.rename(home)
    except OSError:  # another test process was quicker
        shutil.rmtree(draft)
    return home


def _copy_jars(folder: Path) -> None:
    folder.mkdir(parents=True)
    options = ["-q", "-B", "-f", str(HERE / "pom.xml"), f"-DoutputDirectory={folder}"]
    done = subprocess.run(
        ["mvn", *options, "dependency:copy-dependencies"],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(
            f"Maven could not fetch the Elasticsearch jars:\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
        )
