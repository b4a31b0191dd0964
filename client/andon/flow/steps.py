"""What a flow asks of its driver, and what it is told::

Call   -> Answer | Lost      one request
Pause  -> None               let time pass
Do     -> what it returns    something that touches the disk
Tell   -> None               call the caller back (awaited where it gives an awaitable)
"""

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

T = TypeVar("T")

#: Bytes of an answer that are read; a longer one makes no sense.
MOST_BYTES = 8 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request to the server."""

    method: str
    path: str  #: with its query
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    timeout_s: float = 10.0  #: for the whole of it
    most_bytes: int = MOST_BYTES
    parked_s: float = 0.0  #: of that, the server was asked to hold back the answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back, whatever it is worth."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)  #: names in lower case
    body: bytes = b""
    took_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """Nothing came back; whether the request arrived nobody knows."""

    why: str
    took_s: float = 0.0
    is_final: bool = False  #: it would be the same the next time, such as a wrong certificate


@dataclass(frozen=True, slots=True)
class Pause:
    """Let so much time pass."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Do:
    """Something that touches the disk."""

    act: Callable[[], Any]
    undo: Callable[[Any], Any] | None = None  #: for what it gave, if nobody waits any more


@dataclass(frozen=True, slots=True)
class Tell:
    """Tell the caller something."""

    callback: Callable[[Any], Any]
    value: Any


Step = Call | Pause | Do | Tell

#: A rule of asking, ending in a value.
Flow = Generator[Step, Any, T]
