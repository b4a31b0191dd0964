"""The way out to services: a session that refuses inner addresses at the socket.

A check of the address's text is not enough: names resolve to anything, resolvers are not asked for
literal addresses, and spellings are many. The socket sees the final address.
"""

import socket
from collections.abc import Collection
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import aiohttp
from aiohttp.abc import AbstractResolver

#: Seconds a receiver has for all of it; well below a lease of 30, so that nothing is sent twice
#: at once.
TIMEOUT_S = 15.0

#: Networks that `is_global` lets through although they lead inside or nowhere: protocol
#: assignments and the anycast of 6to4 relays.
_INSIDE = tuple(map(ip_network, ("192.0.0.0/24", "192.88.99.0/24")))

#: IPv6 out in the world is global unicast; all else is inner, wraps IPv4 or is not assigned.
_UNICAST = ip_network("2000::/3")

#: And within it: protocol assignments with Teredo, documentation, 6to4.
_INSIDE_6 = tuple(map(ip_network, ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")))


class InnerAddressError(OSError):
    """A callback may not go to an inner address."""


def is_outer(address: str) -> bool:
    """Whether an address is out in the world, whatever it is wrapped in."""
    found: IPv4Address | IPv6Address = ip_address(address.partition("%")[0])
    if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    if found.is_multicast or not found.is_global:
        return False
    if isinstance(found, IPv6Address):
        return found in _UNICAST and not any(found in network for network in _INSIDE_6)
    return not any(found in network for network in _INSIDE)


def callback_session(
    loopback: Collection[tuple[str, int]],
    *,
    resolver: AbstractResolver | None = None,
    timeout_s: float = TIMEOUT_S,
) -> aiohttp.ClientSession:
    """A session for callbacks. Only the exact pairs given may be reached inside.

    Proxies and passwords of the environment are ignored, and cookies are not kept.
    """
    exact = frozenset(loopback)

    def guarded(info: aiohttp.AddrInfoType) -> socket.socket:
        family, kind, protocol, _, where = info
        address, port = str(where[0]), int(where[1])
        if (address, port) not in exact and not is_outer(address):
            raise InnerAddressError(f"{address} is not out in the world")
        return socket.socket(family, kind, protocol)

    return aiohttp.ClientSession(
        # No limit of its own: a pool full of dead receivers would hold up the living ones.
        connector=aiohttp.TCPConnector(socket_factory=guarded, resolver=resolver, limit=0),
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"User-Agent": "Andon"},
        timeout=aiohttp.ClientTimeout(total=timeout_s),
        trust_env=False,
    )
