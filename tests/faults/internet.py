"""A small internet of our own: every address leads to one listener, every name is answered by one server.

It runs in a network and mount namespace (``unshare --net --mount``), where the kernel takes any
address for its own. So a connection to *any* address is accepted and counted at the socket, whatever
name, spelling or redirect led to it. Addresses in ``PUBLIC`` are the allowed ones.
"""

import ipaddress
import random
import socket
import struct
import subprocess
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

PUBLIC = ("93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946")
FORBIDDEN = (
    "127.0.0.1", "10.0.0.1", "169.254.169.254", "192.168.1.1", "172.16.0.1", "100.100.100.200", "0.0.0.0",
    "::1", "fd00:ec2::254", "::ffff:127.0.0.1", "fe80::1", "64:ff9b::7f00:1",
)  # fmt: skip
PORTS = (80, 443, 8080)
# Answers for a name: each time the next list of addresses, the last one for ever; a name stands for itself.
Names = Callable[[str, int], list[str]]
Pages = Callable[[str, str], bytes]
_A, _CNAME, _AAAA = 1, 5, 28


def bring_up(folder: Path) -> None:
    """Make every address of this namespace local, and ask no server of names but ours."""
    for command in (
        "ip link set lo up",
        "ip route add local 0.0.0.0/0 dev lo",
        "ip -6 route add local ::/0 dev lo",
    ):
        subprocess.run(command.split(), check=True)
    resolv = folder / "resolv.conf"
    resolv.write_text("nameserver 127.0.0.53\noptions timeout:1 attempts:1\n")
    subprocess.run(["mount", "--bind", str(resolv), "/etc/resolv.conf"], check=True)


class Listener:
    """Accepts on all ports of ``PORTS`` at all addresses; serves public ones, counts all."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self.by_address: Counter[str] = Counter()
        self._lock = threading.Lock()
        for port in PORTS:
            listener = socket.create_server(
                ("::", port), family=socket.AF_INET6, dualstack_ipv6=True, backlog=1024
            )
            threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    @property
    def n_forbidden(self) -> int:
        """Connections to addresses that nobody may connect to."""
        return sum(n for address, n in self.by_address.items() if address not in PUBLIC)

    def _accept(self, listener: socket.socket) -> None:
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        address = str(connection.getsockname()[0]).removeprefix("::ffff:").partition("%")[0]
        with self._lock:
            self.by_address[address] += 1
        with connection, suppress(OSError):
            connection.settimeout(10)
            head = b""
            while b"\r\n\r\n" not in head and (data := connection.recv(65536)):
                head += data
            lines = head.decode("latin-1").split("\r\n")
            if len(lines) < 2:
                return
            host = next((line[6:] for line in lines if line.lower().startswith("host: ")), "")
            connection.sendall(self._pages(host.lower(), lines[0].split(" ")[1]))


class NameServer:
    """Answers A and AAAA questions over UDP with a time to live of 0."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self.asked: Counter[tuple[str, int]] = Counter()
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.53", 53))
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            question, client = self._socket.recvfrom(4096)
            with suppress(Exception):  # the questions are our own resolver's
                self._socket.sendto(self._answer(question), client)

    def _answer(self, question: bytes) -> bytes:
        at, labels = 12, []
        while size := question[at]:
            labels.append(question[at + 1 : at + 1 + size].decode())
            at += 1 + size
        (kind,) = struct.unpack("!H", question[at + 1 : at + 3])
        name, asked = ".".join(labels).lower(), question[12 : at + 5]
        self.asked[name, kind] += 1
        records = [
            record
            for value in self._names(name, self.asked[name, kind])
            if (record := _record(value, kind)) is not None
        ]
        head = question[:2] + struct.pack("!HHHHH", 0x8580, 1, len(records), 0, 0)
        return head + asked + b"".join(b"\xc0\x0c" + record for record in records)


def _record(value: str, kind: int) -> bytes | None:
    try:
        address = ipaddress.ip_address(value)
    except ValueError:
        name = b"".join(bytes([len(label)]) + label.encode() for label in value.split(".")) + b"\0"
        return struct.pack("!HHIH", _CNAME, 1, 0, len(name)) + name
    if (_A if address.version == 4 else _AAAA) != kind:
        return None
    return struct.pack("!HHIH", kind, 1, 0, len(address.packed)) + address.packed


def hostile_names(seed: int) -> Names:
    """Names under ``.rebind``, ``.mixed``, ``.many`` and ``.inner`` change or mix what they lead to.

    All others are public. ``.inner`` stands for a CNAME to an internal name: a stub resolver is told the
    address behind it.
    """

    def answer(name: str, n_asked: int) -> list[str]:
        dice = random.Random(f"{seed}:{name}")
        bad = dice.choice(FORBIDDEN)
        trick = name.rpartition(".")[2]
        if trick == "rebind":  # public as long as it takes to be trusted, then another
            return list(PUBLIC) if n_asked <= dice.choice((0, 1, 1, 2)) else [bad]
        if trick == "mixed":
            return dice.sample([*PUBLIC, bad], 3)
        if trick == "many":
            public = [f"93.184.{dice.randrange(256)}.{n}" for n in range(63)]
            return dice.sample([*public, "127.0.0.1"], 64)
        if trick == "inner":
            return [bad]
        return list(PUBLIC)

    return answer
