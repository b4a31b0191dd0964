"""When an equal question joins the pending one: one approval never covers anything else."""

from collections.abc import Mapping
from typing import Any

from approvals.canonical import sha256_of
from approvals.words import Kind

#: Members of a request that must be equal besides service, digest and `dedup_key`.
_SAME = ("environment", "category", "requested_by", "approvers", "callback_url")


def join_key(service: str, digest: str, sent: Mapping[str, Any]) -> str | None:
    """What must be equal for a second request to join the first; None without a `dedup_key`."""
    if "dedup_key" not in sent:
        return None
    same = {name: sent.get(name) for name in ("dedup_key", *_SAME)}
    kind = sent.get("kind", Kind.APPROVAL.value)
    return sha256_of({"service": service, "digest": digest, "kind": kind} | same)
