"""What an answer says of memory: precedents, runbooks, the issue, the review."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from approvals.memory.values import (
    Findings,
    Issue,
    IssueState,
    Likeness,
    Precedent,
    Recollection,
    Review,
    ReviewWhy,
    Runbook,
)
from bot.api.answer import PUBLIC, answer
from tests.bot.api.conftest import BODY, World

AT = datetime(2026, 11, 12, 21, 30, tzinfo=UTC)
LEARNED = ("precedents", "recalled", "runbooks", "issue", "review")

PAST = Recollection(
    likeness=Likeness.TEMPLATE,
    times=14,
    ended={"retry": 12, "expired": 2},
    failed=2,
    undone=1,
    precedents=(
        Precedent(id="esc_2", at=AT, option="retry", outcome="failed", person="sam"),
        Precedent(id="esc_1", at=AT - timedelta(days=1)),
    ),
)
ISSUE = Issue(state=IssueState.KNOWN, at=AT, by="person:sam", attempts=("restart",), owner="sam")
REVIEW = Review(
    why=(ReviewWhy.HIGH, ReviewWhy.FAILED), opened_at=AT, due_at=AT + timedelta(days=2), owner="sam"
)
RUNBOOK = Runbook(name="sync/retry.md", title="Retry the sync", by="rule")


async def test_what_was_learned_is_answered_whole(world: World) -> None:
    made = await (await world.call("POST", "/v1/escalations", BODY, Idempotency_Key="k")).json()
    assert [made[name] for name in LEARNED] == [[], None, [], None, None]
    e = await world.store.reads.escalation(made["id"])
    assert e is not None
    e = replace(e, recalled=PAST, runbooks=(RUNBOOK,), issue=ISSUE, review=REVIEW)
    told = json.loads(json.dumps(answer(e)))
    PUBLIC.validate_python(told, strict=True)
    assert {name: told[name] for name in LEARNED} == {
        "precedents": [
            {
                "id": "esc_2",
                "option": "retry",
                "at": "2026-11-12T21:30:00.000000Z",
                "outcome": "failed",
            },
            {"id": "esc_1", "option": None, "at": "2026-11-11T21:30:00.000000Z", "outcome": None},
        ],
        "recalled": {
            "likeness": "template",
            "times": 14,
            "ended": {"retry": 12, "expired": 2},
            "failed": 2,
            "undone": 1,
        },
        "runbooks": [
            {"name": "sync/retry.md", "title": "Retry the sync", "url": None, "by": "rule"}
        ],
        "issue": {
            "state": "known",
            "by": "person:sam",
            "at": "2026-11-12T21:30:00.000000Z",
            "scenario": None,
            "trigger": None,
            "attempts": ["restart"],
            "retry_count": 0,
            "root_cause": "Unknown",
            "blockers": None,
            "system_state": None,
            "workarounds": None,
            "requires": "Manual investigation",
            "owner": "sam",
            "due": None,
            "priority": "medium",
        },
        "review": {
            "why": ["high", "failed"],
            "owner": "sam",
            "due_at": "2026-11-14T21:30:00.000000Z",
            "written": False,
        },
    }
    found = Findings(by="sam", at=AT, root_cause="a full disk", resolved_by="a larger one")
    written = answer(replace(e, review=replace(REVIEW, findings=found)))
    assert written["review"] == {**told["review"], "written": True}
