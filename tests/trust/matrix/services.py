"""Services at the API's door: every kind of key, every call, every state."""

from dataclasses import dataclass
from typing import Any

from approvals.escalation import Escalation
from tests.trust.matrix.rules import KEYS, State
from tests.trust.matrix.world import Andon


@dataclass
class Services:
    """Keys of every kind, and what is sent with each call."""

    andon: Andon
    keys: dict[str, str]

    async def call(self, key: str, e: Escalation, call: str) -> tuple[int, str]:
        """Status and problem of one call."""
        method = "GET" if call in ("read", "events") else "POST"
        tail = "" if call == "read" else f"/{call}"
        headers = {"Idempotency-Key": f"k{next(self.andon.count)}"}
        if self.keys[key]:
            headers["Authorization"] = f"Bearer {self.keys[key]}"
        url = f"{self.andon.server.url}/v1/escalations/{e.id}{tail}"
        sent = None if method == "GET" else _body(call, e)
        async with self.andon.http.request(method, url, json=sent, headers=headers) as answer:
            said = await answer.json(content_type=None)
            problem = str(said.get("type", "")).removeprefix("/problems/")
            return answer.status, problem if answer.status >= 400 else ""

    def changes(self, key: str, state: State, call: str) -> bool:
        """Whether it is taken and changes something, so that it needs an escalation of its own."""
        return KEYS[key][1] and call not in ("read", "events")


def _body(call: str, e: Escalation) -> dict[str, Any]:
    return {
        "context": {"user_impact": "none"},
        "withdraw": {},
        "resolve": {"root_cause": "a full disk, once more"},
        "claim": {"digest": e.digest, "nonce": "n2"},
        "outcome": {"result": "succeeded"},
    }[call]


async def services_of(andon: Andon) -> Services:
    """Keys of every kind."""
    services = andon.server.store.services
    names = {"another service's key": "other", "audit key": "audit"}
    keys = {
        name: await services.add(names.get(name, "data-sync"), scopes=scopes)
        for name, (scopes, _) in KEYS.items()
        if scopes
    }
    gone = await services.add("gone")
    await services.revoke("gone")
    return Services(andon, {**keys, "revoked key": gone, "no key": ""})
