"""Take the release: keys kept, claim sent, grant verified, marked as taken; only then handed out.

Whatever does not fit on the way raises, and nothing may run.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NoReturn

from andon.errors import ExpiredError, GrantError, RefusedRequestError, TakenError
from andon.flow import asking, endings
from andon.flow.persisting import JSON, Patience, as_body, persist, read
from andon.flow.steps import Call, Do, Flow
from andon.grants import Grant, key_id_of, key_ids, verify_grant
from andon.keeping import Keeper, KeptClaim
from andon.models import Escalation, Granted
from andon.operation import (
    DEFAULT_OPTIONS,
    AnyOperation,
    AnyOptions,
    digest_of,
    options_as_sent,
)

JWKS_PATH = "/.well-known/jwks.json"


@dataclass(slots=True)
class KeySet:
    """The server's public keys: pinned, or fetched from the server and remembered."""

    pinned: Callable[[], Mapping[str, Any]] | None = None  #: reads the pinned copy
    known: Mapping[str, Any] | None = None

    def for_key(self, kid: str | None, patience: Patience) -> Flow[Mapping[str, Any]]:
        """The keys, looked up again where one is not known yet."""
        if self.known is None or kid not in key_ids(self.known):
            self.known = yield from self._look(patience)
        return self.known

    def _look(self, patience: Patience) -> Flow[Mapping[str, Any]]:
        if self.pinned is not None:
            found: Mapping[str, Any] = yield Do(self.pinned)
            return found
        import json

        answer = yield from persist(Call(method="GET", path=JWKS_PATH), patience)
        told: Mapping[str, Any] = json.loads(answer.body)
        return told


@dataclass(frozen=True, slots=True, kw_only=True)
class Claiming:
    """What a claim needs besides the escalation."""

    keeper: Keeper
    keys: KeySet
    clock: Callable[[], datetime]
    patience: Patience


def claim(
    escalation: Escalation | str,
    operation: AnyOperation,
    options: AnyOptions | None,
    nonce: str | None,
    by: Claiming,
) -> Flow[Grant]:
    """The verified grant for what is about to run. Raises what errors.py lists."""
    found = escalation
    if isinstance(found, str):
        found = yield from asking.get(found, by.patience)
    digest = digest_of(operation, options)
    if digest != found.digest:
        raise GrantError(
            f"This is not the operation that people were shown for “{found.title}”.",
            id=found.id,
            advice="Nothing runs; ask for this one.",
        )
    kept: KeptClaim = yield Do(
        lambda: by.keeper.claim(found.id, digest, nonce), undo=KeptClaim.close
    )
    try:
        return (yield from _claim(found, kept, _releasing(options), by))
    finally:
        kept.close()


def _releasing(options: AnyOptions | None) -> list[str]:
    """Keys of the options that release, as the caller offered them."""
    offered = options_as_sent(options)
    return [
        str(o["key"])
        for o in (DEFAULT_OPTIONS if offered is None else offered)
        if o["effect"] == "release"
    ]


def _claim(found: Escalation, kept: KeptClaim, releasing: list[str], by: Claiming) -> Flow[Grant]:
    if kept.keys.is_taken:
        raise TakenError(
            f"The release of “{found.title}” was taken here before; how that ended is not known.",
            escalation=found,
            advice="Look at what it did before asking again.",
        )
    try:
        granted = yield from _sent(found, kept, by.patience)
    except RefusedRequestError as error:
        yield Do(kept.forget)
        now = yield from asking.get(found.id, by.patience)
        _raise_refusal(error, now)
    grant = yield from _verified(granted, found, kept, releasing, by)
    yield Do(kept.take)
    return grant


def _sent(found: Escalation, kept: KeptClaim, patience: Patience) -> Flow[Granted]:
    call = Call(
        method="POST",
        path=asking.path_of(found.id, "/claim"),
        body=as_body({"digest": kept.keys.digest, "nonce": kept.keys.nonce}),
        headers={**JSON, "Idempotency-Key": kept.keys.key},
    )
    return read((yield from persist(call, patience, id=found.id)), Granted)


def _raise_refusal(error: RefusedRequestError, now: Escalation) -> NoReturn:
    """A refused claim, in the words of how the escalation stands."""
    name = error.problem.name
    if name == "approval-void":
        raise endings.void(now) from error
    if name == "digest-mismatch":
        raise GrantError(error.problem.detail, id=now.id) from error
    ended = endings.not_released(now)
    if ended is not None:
        raise ended from error
    if name == "already-claimed":
        raise endings.taken(now) from error
    if name == "lapsed":
        raise ExpiredError(error.problem.detail, escalation=now) from error
    raise error


def _verified(
    granted: Granted, found: Escalation, kept: KeptClaim, releasing: list[str], by: Claiming
) -> Flow[Grant]:
    jwks = yield from by.keys.for_key(key_id_of(granted.grant), by.patience)
    grant = verify_grant(
        granted.grant,
        jwks=jwks,
        escalation_id=found.id,
        digest=kept.keys.digest,
        nonce=kept.keys.nonce,
        service=found.service,
        options=releasing,
        now=by.clock(),
    )
    if granted.option != grant.option:
        raise GrantError("The answer names another option than the grant.", id=found.id)
    return grant


def report(
    id: str, result: str, detail: str | None, undo: str | None, by: Claiming
) -> Flow[Escalation]:
    """Say what became of it; then nothing of the claim is needed any more."""
    told = yield from asking.report(id, result, detail, undo, by.patience)
    yield Do(lambda: by.keeper.forget_claim(id))
    return told
