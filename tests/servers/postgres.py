"""A real PostgreSQL server of the suite's own: free port, own data folder, ended by its pid."""

import os
import shutil
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path

UNPRIVILEGED = "postgres"


def find_postgres() -> Path | None:
    """Folder with ``initdb`` and ``postgres``, newest version first; None when not installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: int(p.parent.parent.name))
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    return Path(on_path).resolve().parent if on_path else None


def free_port() -> int:
    """A loopback port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@dataclass
class RunningPostgres:
    """A started server; ``url(name)`` is a database on it."""

    binaries: Path
    folder: Path
    port: int

    def url(self, name: str = "postgres") -> str:
        """Address of one database."""
        return f"postgresql://saqshy@127.0.0.1:{self.port}/{name}"

    def stop(self, mode: str = "fast") -> None:
        """Stop the server; mode ``immediate`` is a crash as the server sees it."""
        _run(
            self.binaries, ["pg_ctl", "-D", str(self.folder / "data"), "-m", mode, "-w", "stop"], check=False
        )

    def start(self) -> None:
        """Start the server and wait until it answers."""
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self.folder}"
        log = str(self.folder / "log")
        _run(
            self.binaries,
            ["pg_ctl", "-D", str(self.folder / "data"), "-l", log, "-o", options, "-w", "start"],
        )


def start_postgres(folder: Path) -> RunningPostgres:
    """Make a new cluster in ``folder`` and start it.

    Raises:
        RuntimeError: PostgreSQL is not installed.
    """
    binaries = find_postgres()
    if binaries is None:
        raise RuntimeError("PostgreSQL is not installed")
    folder.mkdir(parents=True, exist_ok=True)
    if os.geteuid() == 0:  # the server refuses to run as root
        shutil.chown(folder, UNPRIVILEGED)
    _run(
        binaries,
        ["initdb", "-D", str(folder / "data"), "-U", "saqshy", "-A", "trust", "-E", "UTF8", "--locale=C"],
    )
    server = RunningPostgres(binaries, folder, free_port())
    server.start()
    return server


def _run(binaries: Path, command: list[str], *, check: bool = True) -> None:
    argv = [str(binaries / command[0]), *command[1:]]
    if os.geteuid() == 0:
        argv = ["setpriv", f"--reuid={UNPRIVILEGED}", f"--regid={UNPRIVILEGED}", "--clear-groups", *argv]
    subprocess.run(argv, check=check, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/")
