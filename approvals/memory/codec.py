"""What is remembered, to JSON text and back: what a store keeps of it."""

import orjson
from pydantic import TypeAdapter

from approvals.memory.remembering import Remembered
from approvals.sparse import sparse

_REMEMBERED: TypeAdapter[Remembered] = TypeAdapter(Remembered)
_SPARSELY = orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_UTC_Z


def dump_remembered(remembered: Remembered) -> str:
    """As JSON text, defaults left out."""
    return orjson.dumps(remembered, default=sparse, option=_SPARSELY).decode()


def load_remembered(text: str) -> Remembered:
    """From `dump_remembered`. Raises pydantic.ValidationError on anything else."""
    return _REMEMBERED.validate_json(text)
