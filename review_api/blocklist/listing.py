"""Whether an address may stand on the list: its form, the protected list, what is listed already.

The protected list beats any decision. It is checked when a case is confirmed,
when it is approved, and again when a release is made.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import yaml
from sqlalchemy import select
from sqlalchemy.orm import Session

from models.blocklist import BlocklistEntry
from models.enums import EntryState
from models.errors import BadSettings, Rejected
from models.urls import canonical_url, check_listable, host_of, url_sha256

PROTECTED_FILE = Path(__file__).with_name("protected.yaml")


class ProtectedAddress(Rejected):
    """The address is on the protected list: no decision can block it."""

    status = 409


class AlreadyListed(Rejected):
    """The address has an active entry; ``context`` names it and its case."""

    status = 409


@dataclass(frozen=True)
class ProtectedList:
    """Hosts that can never be blocked at all, and platforms of which only single posts can.

    Attributes:
        hosts: host to kind ("state", "bank", …); covers the host and all below it.
        platforms: host to the number of path parts that an address on it must at least
            have: ``t.me/name`` is a channel, ``t.me/name/17`` a post.
    """

    hosts: Mapping[str, str]
    platforms: Mapping[str, int]

    def check(self, url: str) -> None:
        """Refuse a protected address.

        Raises:
            ProtectedAddress: names the kind of protection.
        """
        host = host_of(url)
        for suffix in _suffixes(host):
            if suffix in self.hosts:
                raise ProtectedAddress(
                    f"{suffix} is on the protected list ({self.hosts[suffix]}): it is never blocked.",
                    host=suffix,
                    kind=self.hosts[suffix],
                )
        for suffix in _suffixes(host):
            if suffix in self.platforms and _depth(url) < self.platforms[suffix]:
                raise ProtectedAddress(
                    f"Of {suffix} only a single post or ad can be listed, never a section or the whole.",
                    host=suffix,
                    kind="platform",
                )


def _suffixes(host: str) -> list[str]:
    parts = host.split(".")
    return [".".join(parts[place:]) for place in range(len(parts))]


def _depth(url: str) -> int:
    """Path parts of an address; Telegram's preview ``/s/`` is not one. A query counts as a part."""
    parts = urlsplit(url)
    steps = [part for part in parts.path.split("/") if part]
    if steps[:1] == ["s"]:
        steps = steps[1:]
    return len(steps) + bool(parts.query)


def load_protected(path: Path = PROTECTED_FILE) -> ProtectedList:
    """Read the protected list.

    Raises:
        BadSettings: the file is not of the known form.
    """
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
        hosts = {_host(host): str(kind) for kind, group in data["hosts"].items() for host in group}
        platforms = {_host(host): int(depth) for host, depth in data["platforms"].items()}
    except (OSError, yaml.YAMLError, KeyError, TypeError, AttributeError, ValueError) as error:
        raise BadSettings(f"The protected list {path} cannot be read.") from error
    return ProtectedList(hosts=hosts, platforms=platforms)


def _host(name: str) -> str:
    return host_of(canonical_url(f"https://{name}/"))


class ListingRules:
    """All that stands between an address and the list."""

    def __init__(self, protected: ProtectedList) -> None:
        self.protected = protected

    def check(self, session: Session, url: str) -> str:
        """The canonical address, if a new entry may name it.

        Raises:
            BadUrl: its form: a whole site, an IP address, a wildcard, not http(s).
            ProtectedAddress: it is on the protected list.
            AlreadyListed: it has an active entry.
        """
        clean = self.check_form(url)
        query = select(BlocklistEntry).where(
            BlocklistEntry.url_sha256 == url_sha256(clean), BlocklistEntry.state == EntryState.ACTIVE
        )
        entry = session.scalars(query).one_or_none()
        if entry is not None:
            raise AlreadyListed(
                f"This address is on the list already, under case {entry.task.case_number}.",
                entry_id=entry.id,
                task_id=entry.task_id,
                case_number=entry.task.case_number,
            )
        return clean

    def check_form(self, url: str) -> str:
        """The canonical address, if its form and the protected list allow it on the list.

        Raises:
            BadUrl, ProtectedAddress: as for ``check``.
        """
        clean = check_listable(url)
        self.protected.check(clean)
        return clean

    def problems(self, urls: Sequence[str]) -> dict[str, Rejected]:
        """Those of the addresses that may not be listed (any more), with the reason."""
        found: dict[str, Rejected] = {}
        for url in urls:
            try:
                if self.check_form(url) != url:
                    raise NotCanonical("The address is not written in its canonical form.")
            except Rejected as error:
                found[url] = error
        return found


class NotCanonical(Rejected):
    """An address on the list is spelled in another way than ours: refused, never altered."""
