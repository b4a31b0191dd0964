"""New ids: a prefix and a UUIDv7 as hex. Opaque, unguessable, ordered by time."""

from uuid_utils import uuid7


def new_id(prefix: str) -> str:
    """`esc_019…`: 74 random bits behind 48 of the clock."""
    return f"{prefix}_{uuid7().hex}"
