"""One service's way to Andon: calls with its key, and a look at what a grant really says."""

import json
from dataclasses import dataclass
from typing import Any

import aiohttp
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

#: The only algorithm a grant may be signed with; what the token itself names counts for nothing.
ALGORITHMS = ["Ed25519"]


class NotAGrant(Exception):  # noqa: N818  a finding, named as what it says
    """The token does not release this operation. Do not run it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Calls as one service."""

    http: aiohttp.ClientSession
    base: str
    service: str
    key: str

    async def call(
        self, method: str, path: str, body: Any = None, **headers: str
    ) -> tuple[int, dict[str, Any]]:
        """Status and JSON of one call."""
        sent = {"Authorization": f"Bearer {self.key}"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.http.request(method, self.base + path, json=body, headers=sent) as answer:
            return answer.status, await answer.json(content_type=None)

    async def verify(self, grant: str, **expected: str) -> dict[str, Any]:
        """The grant's claims, signed by Andon and about just this. Raises NotAGrant."""
        _, jwks = await self.call("GET", "/.well-known/jwks.json")
        claims = signed(grant, jwks)
        wanted = {"aud": self.service, **expected}
        wrong = [name for name, value in wanted.items() if claims.get(name) != value]
        if wrong:
            raise NotAGrant(f"The grant is about another {', '.join(wrong)}.")
        return claims


def signed(grant: str, jwks: Any) -> dict[str, Any]:
    """What the token says, once its signature is known to be good. Raises NotAGrant."""
    try:
        keys = KeySet.import_key_set(jwks)
        payload = jws.deserialize_compact(grant, keys, algorithms=ALGORITHMS).payload
        claims: dict[str, Any] = json.loads(payload)
    except (JoseError, ValueError) as error:
        raise NotAGrant(f"The grant's signature is not Andon's: {type(error).__name__}.") from None
    return claims
