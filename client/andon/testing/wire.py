"""What goes over the wire, as values: a request as it came, an answer as it leaves."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

#: Headers of every answer, as the server sets them.
HEADERS: Mapping[str, str] = {
    "Server": "Andon",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request. Names of headers are in lower case."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    @classmethod
    def at(
        cls, method: str, target: str, headers: Sequence[tuple[str, str]], body: bytes
    ) -> "Asked":
        """A request for `target`: a path with its query, or a whole address."""
        parts = urlsplit(target)
        return cls(
            method=method,
            path=parts.path,
            query=tuple(parse_qsl(parts.query, keep_blank_values=True)),
            headers=tuple((name.lower(), value) for name, value in headers),
            body=body,
        )

    def header(self, name: str) -> str | None:
        """The header's value where it was sent exactly once."""
        found = [value for key, value in self.headers if key == name.lower()]
        return found[0] if len(found) == 1 else None

    @property
    def action(self) -> str:
        """What it asks for: `open`, `list`, `read`, `claim`, `outcome` … `jwks`."""
        parts = self.path.strip("/").split("/")
        if parts[:2] == ["v1", "escalations"]:
            verbs = {2: "open" if self.method == "POST" else "list", 3: "read"}
            return verbs.get(len(parts), parts[-1])
        return parts[-1].removesuffix(".json")

    @property
    def json(self) -> Any:
        """What the body says; None where there is none."""
        return json.loads(self.body) if self.body else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One answer."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


def told(value: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Told:
    """A value as JSON."""
    return Told(
        status=status,
        body=json.dumps(value, ensure_ascii=False).encode(),
        headers={**HEADERS, "Content-Type": "application/json", **(headers or {})},
    )
