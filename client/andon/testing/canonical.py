"""Interim."""

import json
from typing import Any


def canonical(value: Any) -> bytes:
    """Canonical bytes."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
