"""Which addresses may be connected to: public ones on web ports, and listed loopback pairs. Nothing else.

``ipaddress.is_global`` is not enough: it is true for NAT64 and 6to4 forms of
127.0.0.1, for site-local, IPv4-compatible and all multicast addresses
(Python 3.11). What is checked is always the numeric address of the connection,
never a name, on every hop.
"""

import ipaddress
import socket
from collections.abc import Iterable

from models.config import HostPort
from models.errors import Rejected

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

WEB_PORTS = frozenset({80, 443})

# Everything of the IANA special-purpose registries, and the forms that carry an IPv4 address inside.
_FORBIDDEN = tuple(
    ipaddress.ip_network(network)
    for network in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
        "192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24",
        "192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
        "224.0.0.0/4", "240.0.0.0/4",
        "::/96", "::ffff:0:0/96", "::ffff:0:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64",
        "100:0:0:1::/64", "2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20",
        "5f00::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
    )
)  # fmt: skip
# Only this block is handed out to anyone (RFC 4291); whatever is new outside it stays shut until read here.
_GLOBAL_UNICAST_V6 = ipaddress.IPv6Network("2000::/3")


class BlockedAddress(Rejected):
    """The address is not public, or the port is no web port."""


class AddressGuard:
    """Says yes or no to one connection.

    Args:
        loopback_allow: (address, port) pairs on loopback that are allowed; from our settings only.
        own_addresses: addresses of this machine; public ones are refused, too.
    """

    def __init__(
        self, loopback_allow: Iterable[HostPort] = (), own_addresses: Iterable[IpAddress] = ()
    ) -> None:
        self._loopback = {(ipaddress.ip_address(address), port) for address, port in loopback_allow}
        self._own = frozenset(own_addresses)

    def check(self, address: str, port: int) -> None:
        """Pass if this very connection may be opened.

        Args:
            address: numeric; a name is refused.
            port: TCP port.

        Raises:
            BlockedAddress: says what is wrong with it.
        """
        try:
            numeric = ipaddress.ip_address(address)
        except ValueError:
            raise BlockedAddress("Only numeric addresses are connected to.", address=address) from None
        if (numeric, port) in self._loopback:
            return
        if not self.is_public(numeric):
            raise BlockedAddress("The address is not a public one.", address=address)
        if port not in WEB_PORTS:
            raise BlockedAddress("The port is neither 80 nor 443.", address=address, port=port)

    def is_public(self, address: IpAddress) -> bool:
        """Whether the address belongs to the public internet and not to this machine."""
        if isinstance(address, ipaddress.IPv6Address):
            if address.scope_id is not None or address not in _GLOBAL_UNICAST_V6:
                return False
        elif not address.is_global:
            return False
        return address not in self._own and not any(
            address in network for network in _FORBIDDEN if network.version == address.version
        )

    def forbidden_among(self, addresses: Iterable[tuple[str, int]]) -> tuple[str, int] | None:
        """The first of a name's addresses that may not be connected to; one bad one spoils the answer."""
        for address, port in addresses:
            try:
                self.check(address, port)
            except BlockedAddress:
                return address, port
        return None


def own_addresses() -> frozenset[IpAddress]:
    """Addresses this machine would send from; asks the kernel's routes, sends nothing."""
    found: set[IpAddress] = set()
    targets = ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1"))
    for family, documentation_address in targets:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            try:
                probe.connect((documentation_address, 9))
            except OSError:
                continue  # no route in this family, so no address to protect
            found.add(ipaddress.ip_address(probe.getsockname()[0].partition("%")[0]))
    return frozenset(found)
