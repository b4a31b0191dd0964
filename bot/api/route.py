"""One operation of the API, as declared."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import BaseModel

from bot.api.door import Handler


@dataclass(frozen=True, kw_only=True)
class Route:
    """One operation of the API. `scope` None is public: it tells nothing about escalations."""

    method: str
    path: str
    handler: Handler
    summary: str
    scope: str | None
    body: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    answers: Mapping[int, type[BaseModel] | None] = field(default_factory=dict)
    produces: str = "application/json"
    keyed: bool = False  #: wants an Idempotency-Key
    signed: bool = False  #: may be signed instead of bringing a key
    waits: bool = False  #: takes Prefer and If-None-Match
    kept: bool = False  #: may be kept by the caller: takes If-None-Match
