"""Who joins whom: equal questions under one dedup key, and no others."""

from typing import Any

import pytest

from approvals.joining import join_key

SENT: dict[str, Any] = {
    "dedup_key": "d",
    "environment": "production",
    "category": "deployment",
    "requested_by": {"id": "req"},
    "approvers": ["dba"],
    "callback_url": "https://x.example/a",
}


def test_without_a_dedup_key_nothing_is_joined() -> None:
    """Every question is its own."""
    assert join_key("svc", "sha256:1", {"environment": "production"}) is None


@pytest.mark.parametrize(
    "change", [{"title": "other"}, {"context": {}}, {"severity": "high"}, {"kind": "approval"}]
)
def test_what_is_only_said_does_not_keep_equals_apart(change: dict[str, Any]) -> None:
    """Nor does a default that is written out."""
    assert join_key("svc", "sha256:1", {**SENT, **change}) == join_key("svc", "sha256:1", SENT)


@pytest.mark.parametrize("name", [*SENT, "kind"])
def test_one_approval_never_covers_another(name: str) -> None:
    """Environment, category, requester, approvers, callback, kind and the key itself."""
    other = {**SENT, name: "incident"}
    assert join_key("svc", "sha256:1", other) != join_key("svc", "sha256:1", SENT)


def test_neither_another_service_nor_another_digest_joins() -> None:
    """What runs is what was approved."""
    keys = {join_key(s, d, SENT) for s in ("svc", "other") for d in ("sha256:1", "sha256:2")}
    assert len(keys) == 4
