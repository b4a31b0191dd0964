"""What tests are built from: a clock that is moved by hand, the sample policy, commands."""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from approvals import commands
from approvals.canonical import operation_digest
from approvals.codec import dump_plan
from approvals.commands import Actor
from approvals.facts import Facts
from approvals.joining import join_key
from approvals.memory.accepted import Accepted
from approvals.people import People
from approvals.policy.asking import Ask
from approvals.policy.load import parse_policy
from approvals.policy.model import Policy
from approvals.policy.plan import Planned
from approvals.refusals import FieldError
from approvals.words import Result
from bot.ids import new_id
from storage import Store, open_store
from storage.memory import Memory, MemoryStore, open_memory_store

ROOT = Path(__file__).parent.parent
SAMPLE = (ROOT / "policy.toml").read_text(encoding="utf-8")
START = datetime(2026, 11, 12, 21, 30, tzinfo=UTC)
OPERATION: dict[str, Any] = {
    "name": "sync_data",
    "arguments": {"argv": ["sync", "--batch", "8813"]},
}
OPTIONS: list[dict[str, Any]] = [
    {"key": "retry", "label": "Try 3 more times", "effect": "release"},
    {"key": "leave", "label": "Leave it", "effect": "abort"},
]

#: A service whose retries are used up asks before it tries again.
BODY: dict[str, Any] = {
    "category": "retries_exhausted",
    "title": "Data sync failed 3 times",
    "environment": "production",
    "operation": OPERATION,
    "options": OPTIONS,
}


class Clock:
    """Time that passes only when told to."""

    def __init__(self, now: datetime = START) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, seconds: float) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)


class FileFacts:
    """Facts from the sample policy alone; people may be changed by a test."""

    def __init__(self, policy: Policy | None = None) -> None:
        self.policy = policy or parse_policy(SAMPLE)
        self.known = True
        self.just_started = False  #: nobody has been looked up yet
        self.rules: Mapping[str, tuple[str, Accepted]] = {}

    def facts(self, now: datetime) -> Facts:
        """Facts of this moment."""
        if self.just_started:
            return Facts(people=People(), policy=self.policy)
        seen = now if self.known else now - timedelta(hours=1)
        people = self.policy.file_people(seen)
        return Facts(people=people, policy=self.policy, rules=self.rules)


class UnchainedFacts(FileFacts):
    """Facts whose plans have no chain: cards and messages at once, then nothing."""

    def facts(self, now: datetime) -> Facts:
        """Facts of this moment."""
        found = super().facts(now)
        return _Unchained(people=found.people, policy=found.policy)


class _Unchained(Facts):
    def plan(self, ask: Ask) -> Planned | tuple[FieldError, ...]:
        found = Facts.plan(self, ask)
        if not isinstance(found, Planned):
            return found
        plan = replace(found.plan, steps=())
        return replace(found, plan=plan, plan_json=dump_plan(plan))


class PlainSigner:
    """Signs with nothing but the claims' own words: shows what would be signed."""

    kid = "plain"

    def __init__(self) -> None:
        self.is_locked = False

    def sign(self, claims: Any) -> str:
        """The claims, readable. Raises OSError while the key is out of reach."""
        if self.is_locked:
            raise OSError("the key is out of reach")
        return f"grant {claims['jti']} for {claims['digest']}"


def store_at(
    path: Path,
    clock: Clock,
    *,
    facts: FileFacts | None = None,
    signer: PlainSigner | None = None,
    committed: Any = None,
) -> AbstractAsyncContextManager[Store]:
    """A store on a file, as a server opens it."""
    return store_on(f"sqlite:///{path}", clock, facts=facts, signer=signer, committed=committed)


def store_on(
    url: str,
    clock: Clock,
    *,
    facts: FileFacts | None = None,
    signer: PlainSigner | None = None,
    committed: Any = None,
    elsewhere: Any = None,
) -> AbstractAsyncContextManager[Store]:
    """A store on a database, as a server opens it."""
    return open_store(
        url,
        facts=facts or FileFacts(),
        signer=signer or PlainSigner(),
        clock=clock,
        committed=committed or (lambda escalations: None),
        elsewhere=elsewhere or (lambda ids: None),
        server=True,
    )


def store_in_memory(
    clock: Clock,
    *,
    facts: FileFacts | None = None,
    signer: PlainSigner | None = None,
    committed: Any = None,
    elsewhere: Any = None,
    memory: Memory | None = None,
) -> AbstractAsyncContextManager[MemoryStore]:
    """A store in memory, fresh or on what an earlier one left."""
    return open_memory_store(
        facts=facts or FileFacts(),
        signer=signer or PlainSigner(),
        clock=clock,
        committed=committed or (lambda escalations: None),
        elsewhere=elsewhere or (lambda ids: None),
        memory=memory,
    )


def an_open(key: str = "k1", **changes: Any) -> commands.Open:
    """A service whose retries are used up asks before it tries again."""
    body = {**BODY, **changes}
    dedup = body.get("dedup_key")
    return commands.Open(
        id=new_id("cmd"),
        escalation_id=new_id("esc"),
        group_id=new_id("grp"),
        service="data-sync",
        idempotency_key=key,
        body_hash=repr(sorted(body.items(), key=lambda item: item[0])),
        digest=operation_digest(body["operation"], body["options"]),
        request=body,
        join_key=f"data-sync:{dedup}" if dedup else None,
    )


def an_incident(key: str = "i1", **changes: Any) -> commands.Open:
    """A service that does not recover asks for help; nothing is held."""
    body = {
        "kind": "incident",
        "category": "service_health",
        "title": "3 hosts do not answer",
        "environment": "production",
        "options": [],
        **changes,
    }
    digest = operation_digest(None, [])
    return commands.Open(
        id=new_id("cmd"),
        escalation_id=new_id("esc"),
        group_id=new_id("grp"),
        service="data-sync",
        idempotency_key=key,
        body_hash=repr(sorted(body.items(), key=lambda item: item[0])),
        digest=digest,
        request=body,
        join_key=join_key("data-sync", digest, body),
    )


def an_automation(key: str = "a1", **changes: Any) -> commands.Open:
    """A service is about to recover by itself."""
    body = {
        "kind": "automation",
        "recovery": "restart",
        "category": "service_health",
        "title": "Restart web-3",
        "environment": "production",
        "operation": {"name": "docker restart", "target": "web-3"},
        "options": [],
        **changes,
    }
    body = {"dedup_key": f"automation:{body['recovery']}", **body}
    return replace(an_open(key, **body), join_key=None)


def a_resolution(escalation_id: str, account: str = "USAM", **more: Any) -> commands.Resolve:
    """Somebody writes down what it was."""
    given: dict[str, Any] = {"root_cause": "a full disk", "by_hand": "deleted old logs", **more}
    return commands.Resolve(
        id=new_id("cmd"), escalation_id=escalation_id, actor=Actor(account=account), **given
    )


def a_question(escalation_id: str, account: str = "USAM", **more: Any) -> commands.AskForInfo:
    """Somebody who may decide asks first."""
    given: dict[str, Any] = {"text": "is it tested?", "question_id": new_id("que"), **more}
    return commands.AskForInfo(
        id=new_id("cmd"), escalation_id=escalation_id, actor=Actor(account=account), **given
    )


def a_vote(escalation_id: str, account: str = "USAM", option: str = "retry", **more: Any) -> Any:
    """Somebody taps a button."""
    given: dict[str, Any] = {
        "shown": 0,
        "digest": operation_digest(OPERATION, OPTIONS),
        "rationale": "the firewall rule is gone",
        **more,
    }
    return commands.Vote(
        id=new_id("cmd"),
        escalation_id=escalation_id,
        actor=Actor(account=account),
        option=option,
        **given,
    )


def a_claim(escalation_id: str, key: str = "c1", **more: Any) -> commands.Claim:
    """The service takes the release."""
    given: dict[str, Any] = {"digest": operation_digest(OPERATION, OPTIONS), "nonce": key, **more}
    return commands.Claim(
        id=new_id("cmd"),
        escalation_id=escalation_id,
        service="data-sync",
        key=key,
        grant_id=new_id("gnt"),
        **given,
    )


def a_report(escalation_id: str, result: str = "succeeded", **more: Any) -> commands.Report:
    """The service says what became of it."""
    return commands.Report(
        id=new_id("cmd"),
        escalation_id=escalation_id,
        service="data-sync",
        result=Result(result),
        **more,
    )


def an_erasure(escalation_id: str, reason: str = "asked to") -> commands.Erase:
    """Somebody at the command line erases what it was about."""
    return commands.Erase(
        id=new_id("cmd"), escalation_id=escalation_id, by="operator:root", reason=reason
    )
