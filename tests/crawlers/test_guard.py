"""The address guard: which connections are refused, whatever form the address has."""

from ipaddress import ip_address

import pytest

from crawlers.guard import AddressGuard, BlockedAddress, own_addresses
from crawlers.resolver import guard_connections

FORBIDDEN = [
    "127.0.0.1", "127.1.2.3", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254",
    "100.100.100.200", "192.0.0.8", "192.0.2.1", "198.18.0.1", "224.0.0.1", "239.255.255.250", "240.0.0.1",
    "255.255.255.255", "::1", "::", "::ffff:127.0.0.1", "::127.0.0.1", "::ffff:0:127.0.0.1",
    "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "2002:7f00:1::", "2001:0:7f00:1::", "fec0::1",
    "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "ff02::1", "2001:db8::1", "3fff::1", "100::1",
    "4000::1",
]  # fmt: skip
# Forms that getaddrinfo turns into 127.0.0.1: a guard that is handed one has been passed a name.
NAMES = ["2130706433", "0x7f000001", "0177.0.0.1", "127.1", "①②⑦.⓪.⓪.①", "localhost", ""]


@pytest.mark.parametrize("address", FORBIDDEN)
def test_s1_refuses_what_is_not_public(address: str) -> None:
    with pytest.raises(BlockedAddress):
        AddressGuard().check(address, 80)


@pytest.mark.parametrize("name", NAMES)
def test_s1_refuses_what_is_no_numeric_address(name: str) -> None:
    with pytest.raises(BlockedAddress):
        AddressGuard().check(name, 80)


@pytest.mark.parametrize("address", ["93.184.216.34", "2a00:1450:4001:81b::200e", "8.8.8.8"])
def test_lets_public_addresses_pass_on_web_ports_only(address: str) -> None:
    guard = AddressGuard()
    guard.check(address, 80)
    guard.check(address, 443)
    for port in (22, 25, 8080, 9200):
        with pytest.raises(BlockedAddress):
            guard.check(address, port)


def test_loopback_needs_the_very_pair() -> None:
    guard = AddressGuard([("127.0.0.1", 4001)])
    guard.check("127.0.0.1", 4001)
    for address, port in (("127.0.0.1", 4002), ("127.0.0.2", 4001), ("::1", 4001), ("127.0.0.1", 80)):
        with pytest.raises(BlockedAddress):
            guard.check(address, port)


def test_own_public_address_is_refused() -> None:
    public = "8.8.8.8"
    guard = AddressGuard(own_addresses=[ip_address(public)])
    with pytest.raises(BlockedAddress):
        guard.check(public, 443)
    assert all(address.version in (4, 6) for address in own_addresses())


def test_s2_one_bad_address_spoils_an_answer() -> None:
    guard = AddressGuard()
    mixed = [("93.184.216.34", 80), ("127.0.0.1", 80)]
    assert guard.forbidden_among(mixed) == ("127.0.0.1", 80)
    assert guard.forbidden_among(mixed[:1]) is None


def test_refuses_in_the_call_that_opens_the_socket() -> None:
    opened = []

    class Reactor:
        def connectTCP(self, host: str, port: int, *_args: object) -> str:
            opened.append((host, port))
            return "connected"

    reactor = Reactor()
    guard_connections(reactor, AddressGuard([("127.0.0.1", 4001)]))
    assert reactor.connectTCP("127.0.0.1", 4001, object()) == "connected"
    for host, port in (("127.0.0.1", 80), ("2130706433", 80), ("::ffff:127.0.0.1", 443)):
        with pytest.raises(BlockedAddress):
            reactor.connectTCP(host, port, object())
    assert opened == [("127.0.0.1", 4001)]
