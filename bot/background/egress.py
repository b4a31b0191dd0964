"""The way out to services: a session that refuses inner addresses at the socket.

A check of the address's text is not enough: names resolve to anything, resolvers are not asked for
literal addresses, and spellings are many. The socket sees the final address.
"""

import socket
from collections.abc import Collection
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import aiohttp

#: Seconds a receiver has for all of it.
TIMEOUT_S = 15

#: Networks that `is_global` lets through although they lead inside: NAT64, 6to4.
_LEADING_INSIDE = tuple(map(ip_network, ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16")))


class InnerAddressError(OSError):
    """A callback may not go to an inner address."""


def is_outer(address: str) -> bool:
    """Whether an address is out in the world, whatever it is wrapped in."""
    found: IPv4Address | IPv6Address = ip_address(address.partition("%")[0])
    if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    if found.is_multicast or not found.is_global:
        return False
    return found.version == 4 or not any(found in network for network in _LEADING_INSIDE)


def callback_session(allowed_loopback: Collection[tuple[str, int]]) -> aiohttp.ClientSession:
    """A session for callbacks. Only the exact loopback pairs given may be reached inside."""
    exact = {(host, port) for host, port in allowed_loopback}

    def guarded(info: aiohttp.AddrInfoType) -> socket.socket:
        family, kind, protocol, _, where = info
        address, port = str(where[0]), int(where[1])
        if (address, port) not in exact and not is_outer(address):
            raise InnerAddressError(f"{address} is not out in the world")
        return socket.socket(family, kind, protocol)

    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(socket_factory=guarded, limit_per_host=2),
        timeout=aiohttp.ClientTimeout(total=TIMEOUT_S),
        trust_env=False,
    )
