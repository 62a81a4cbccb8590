"""Keys and certificates made with the openssl command, as an operator would make them."""

import subprocess
from dataclasses import dataclass
from pathlib import Path


def openssl(*arguments: str, folder: Path) -> str:
    """Run the command in a folder; its output, or an error that shows what it said."""
    done = subprocess.run(["openssl", *arguments], cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"openssl {' '.join(arguments)}: {done.stderr}")
    return done.stdout


@dataclass(frozen=True)
class Issued:
    """A key and its certificate."""

    key: Path
    certificate: Path


def make_root(folder: Path, name: str = "root") -> Issued:
    """A root of trust."""
    folder.mkdir(parents=True, exist_ok=True)
    openssl(
        "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.pem",
        "-days", "3650", "-subj", f"/CN=Test {name}",
        "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign,cRLSign",
        folder=folder,
    )  # fmt: skip
    return Issued(folder / f"{name}.key", folder / f"{name}.pem")


def issue(folder: Path, root: Issued, name: str, extensions: str, *dates: str) -> Issued:
    """A certificate of the root.

    Args:
        extensions: lines of openssl's configuration.
        dates: ``-days N`` unless given.
    """
    (folder / f"{name}.ext").write_text(extensions)
    openssl(
        "req", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.csr",
        "-subj", f"/CN=Test {name}", folder=folder,
    )  # fmt: skip
    openssl(
        "x509", "-req", "-in", f"{name}.csr", "-CA", str(root.certificate), "-CAkey", str(root.key),
        "-CAcreateserial", "-out", f"{name}.pem", "-extfile", f"{name}.ext", *(dates or ("-days", "365")),
        folder=folder,
    )  # fmt: skip
    return Issued(folder / f"{name}.key", folder / f"{name}.pem")
