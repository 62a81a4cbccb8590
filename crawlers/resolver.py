"""The guard where sockets are opened: Twisted's name resolver and its connectTCP.

Scrapy installs the resolver through ``TWISTED_DNS_RESOLVER``. The resolver
refuses a name as a whole when one of its addresses is forbidden; what connects
(``connectTCP``) checks the numeric address once more, whoever called it, so
that literals and later changes of an answer are caught as well.
"""

from collections.abc import Callable, Sequence
from typing import Any, Self

from scrapy.crawler import Crawler
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.interfaces import IHostnameResolver, IHostResolution, IResolutionReceiver
from zope.interface import implementer  # type: ignore[import-untyped]

from crawlers.guard import AddressGuard, BlockedAddress, own_addresses
from models.config import HostPort, Settings

OUR_SETTINGS = "SAQSHY_SETTINGS"  # name under which Scrapy's settings carry ours


@implementer(IHostResolution)
class _Resolution:
    def __init__(self, name: str) -> None:
        self.name = name

    def cancel(self) -> None:
        """Nothing runs that could be cancelled."""


@implementer(IResolutionReceiver)
class _GuardedReceiver:
    """Hands an answer on as a whole, or only what spoils it, which connectTCP then refuses."""

    def __init__(self, receiver: Any, guard: AddressGuard) -> None:
        self._receiver, self._guard = receiver, guard  # Any: zope interfaces say nothing to a type checker
        self._addresses: list[IPv4Address | IPv6Address] = []

    def resolutionBegan(self, resolution: Any) -> None:
        self._receiver.resolutionBegan(resolution)

    def addressResolved(self, address: IPv4Address | IPv6Address) -> None:
        self._addresses.append(address)

    def resolutionComplete(self) -> None:
        bad = self._guard.forbidden_among((a.host, a.port) for a in self._addresses)
        for address in self._addresses if bad is None else [_address(bad)]:
            self._receiver.addressResolved(address)
        self._receiver.resolutionComplete()


def _address(target: HostPort) -> IPv4Address | IPv6Address:
    kind = IPv6Address if ":" in target[0] else IPv4Address
    return kind("TCP", *target)


@implementer(IHostnameResolver)
class GuardedResolver:
    """Resolves names for the crawler; overridden names lead to their loopback address and port."""

    def __init__(self, reactor: Any, guard: AddressGuard, overrides: dict[str, HostPort]) -> None:
        self._reactor = reactor  # Any: Twisted's reactors share interfaces, not a class
        self._guard, self._overrides = guard, overrides
        self._inner = reactor.nameResolver

    @classmethod
    def from_crawler(cls, crawler: Crawler, reactor: Any) -> Self:
        """Build from our settings; called by Scrapy before the crawl."""
        settings: Settings = crawler.settings[OUR_SETTINGS]
        guard = AddressGuard(settings.loopback_allow, own_addresses())
        return cls(reactor, guard, settings.host_overrides)

    def install_on_reactor(self) -> None:
        """Put the guard before every name and every socket of this process."""
        self._reactor.installNameResolver(self)
        guard_connections(self._reactor, self._guard)

    def resolveHostName(
        self,
        resolutionReceiver: Any,
        hostName: str,
        portNumber: int = 0,
        addressTypes: Sequence[type[object]] | None = None,
        transportSemantics: str = "TCP",
    ) -> Any:
        """Resolve as Twisted's interface says."""
        target = self._overrides.get(hostName.lower().rstrip("."))
        if target is None:
            return self._inner.resolveHostName(
                _GuardedReceiver(resolutionReceiver, self._guard),
                hostName,
                portNumber,
                addressTypes,
                transportSemantics,
            )
        resolution = _Resolution(hostName)
        resolutionReceiver.resolutionBegan(resolution)
        resolutionReceiver.addressResolved(_address(target))
        resolutionReceiver.resolutionComplete()
        return resolution


def guard_connections(reactor: Any, guard: AddressGuard) -> None:
    """Make this reactor refuse forbidden addresses in the call that opens the socket."""
    open_socket: Callable[..., Any] = reactor.connectTCP

    def connectTCP(host: str, port: int, *args: Any, **kwargs: Any) -> Any:
        guard.check(host, port)
        return open_socket(host, port, *args, **kwargs)

    def refuse(*_args: object, **_kwargs: object) -> Any:
        raise BlockedAddress("Only guarded TCP connections are opened here.")

    reactor.connectTCP = connectTCP
    reactor.connectUNIX = refuse
    reactor.connectSSL = refuse  # TLS for pages is layered on connectTCP; nothing of ours uses this
