"""Bugs a client could have, planted so that the matrix shows it would find them."""

from collections.abc import Callable, Generator
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import andon
from andon import Grant, RefusedRequestError, UnavailableError, grants, keeping
from andon.flow import automating, claiming
from andon.flow.automating import Begun
from andon.keeping import ClaimKeys, KeptClaim, random_key
from andon.late import Late
from andon.migrating import gate
from andon.transport import Driver


class _Anything:
    """What a careless caller takes for an answer."""

    id = title = status = option = "approved"
    occurrences = 1

    def __getattr__(self, name: str) -> Any:
        return self


def _a_grant(found: Any, keys: Any) -> Grant:
    """What nobody signed."""
    return Grant(
        id="made up",
        escalation_id=found.id,
        option="retry",
        digest=keys.digest,
        nonce=keys.nonce,
        service="matrix",
        environment="production",
        approvers=(),
        expires_at=datetime.now(UTC),
        token="",
    )


def _digest_ignored() -> None:
    """What would run is not compared with what people were shown."""
    honest = claiming.claim

    def claim(escalation: Any, *more: Any) -> Any:
        claiming.digest_of = lambda operation, options: escalation.digest  # type: ignore[assignment]
        return (yield from honest(escalation, *more))

    claiming.claim = claim


def _unverified() -> None:
    """A claim that is answered with 200 is enough."""

    def verified(granted: Any, found: Any, kept: KeptClaim, *more: Any) -> Any:
        return _a_grant(found, kept.keys)
        yield

    claiming._verified = verified


def _fresh(flow: Generator[Any, Any, Any]) -> Generator[Any, Any, Any]:
    """The same, with a key of its own for each try."""
    step = next(flow)
    while True:
        if hasattr(step, "headers"):
            fresh = {**step.headers, "Idempotency-Key": random_key()}
            step = replace(step, headers=fresh)
        try:
            step = flow.send((yield step))
        except StopIteration as done:
            return done.value


def _another_key() -> None:
    """Each try of a claim has a key of its own."""
    honest = claiming._sent
    claiming._sent = lambda *given: _fresh(honest(*given))


def _open_when_away() -> None:
    """Where Andon cannot be asked, it goes on without."""
    honest, away = Driver.run, set[Driver]()

    def run(self: Driver, flow: Any) -> Any:
        try:
            return _Anything() if self in away else honest(self, flow)
        except UnavailableError:
            away.add(self)
            return _Anything()

    Driver.run = run  # type: ignore[method-assign]


def _no_claim() -> None:
    """Whoever reads that it is approved runs it."""
    andon.Client.claim = lambda self, found, *_, **__: found  # type: ignore[assignment, method-assign]
    honest = andon.Client.wait

    def wait(self: Any, *given: Any, **how: Any) -> Any:
        found = honest(self, *given, **how)
        if found.status != "approved":
            raise andon.AndonError("no")
        return found

    andon.Client.wait = wait  # type: ignore[method-assign]


def _no_time() -> None:
    """A grant is good for ever."""
    grants._check_time = lambda *_: None


def _any_signature() -> None:
    """The signature is not looked at."""
    grants._signed = lambda token, jwks: grants._part(grants._parts(token)[1])


def _any_expectation() -> None:
    """Whatever is signed is good for everything."""
    honest = claiming.verify_grant

    def verify(token: str, *, jwks: Any, **expected: Any) -> Grant:
        said = grants._part(grants._parts(token)[1])
        expected |= {"escalation_id": said["sub"], "service": said["aud"], "options": None}
        expected |= {"digest": said["digest"], "nonce": said["nonce"]}
        return honest(token, jwks=jwks, **expected)

    claiming.verify_grant = verify


def _not_kept() -> None:
    """The key of a claim is not kept before it is sent."""

    def keys(path: Any, digest: str, nonce: str | None) -> ClaimKeys:
        return ClaimKeys(digest=digest, key=random_key(), nonce=nonce or random_key())

    keeping._keys = keys


def _nothing_taken() -> None:
    """The gate of migrations takes no release."""
    gate.Running.claim = lambda self, pending: None  # type: ignore[method-assign]


# -- of what runs by itself -------------------------------------------------------------------


def _looked_at_once() -> None:
    """What people released is what was asked, whatever it has become."""
    honest = automating.releasing.released

    def released(body: Any, operation: Any, *more: Any) -> Any:
        first = deepcopy(operation())
        return honest(body, lambda: first, *more)

    automating.releasing.released = released


def _nobody_asked() -> None:
    """What people decide about runs all the same."""

    def released(*given: Any) -> Any:
        return Begun(late="planted")
        yield

    automating._released = released


def _any_record() -> None:
    """Whatever is answered is its record."""
    automating._checked = lambda found, operation: found


def _many_records() -> None:
    """Each try is a record of its own."""
    honest = automating._sent
    automating._sent = lambda *given: _fresh(honest(*given))


def _without_a_record() -> None:
    """It runs while Andon is away, whatever it is."""
    honest = automating._recorded

    def recorded(asked: Any, *more: Any) -> Any:
        return (yield from honest(replace(asked, when_away="run"), *more))

    automating._recorded = recorded


def _not_refused() -> None:
    """A refused record is none, and that is all."""
    honest = automating._recorded

    def recorded(*given: Any) -> Any:
        try:
            return (yield from honest(*given))
        except RefusedRequestError:
            return Begun(late="planted")

    automating._recorded = recorded


def _kept_afterwards() -> None:
    """What runs while Andon is away is kept once it has ended."""
    honest = Late.keep

    def keep(self: Late, key: str, told: Any) -> None:
        if "result" in told:
            honest(self, key, told)

    Late.keep = keep  # type: ignore[method-assign]


#: Every bug by its name, and where it is to be found: which failure, at which way in.
PLANTED: dict[str, tuple[Callable[[], None], str, str]] = {
    "the digest is ignored": (_digest_ignored, "what would run changes", "Client"),
    "200 is enough": (_unverified, "a grant by another key", "Client"),
    "each try has another key": (
        _another_key,
        "the answer is lost once at each step",
        "andon run",
    ),
    "it goes on without Andon": (_open_when_away, "nothing listens", "Client"),
    "nothing is claimed": (_no_claim, "said to be approved though rejected", "Client"),
    "a grant is good for ever": (_no_time, "a grant that is over", "AsyncClient"),
    "no signature is checked": (_any_signature, "a grant by a key of the same name", "Client"),
    "any grant will do": (_any_expectation, "a grant of another escalation", "andon run"),
    "no key of a claim is kept": (_not_kept, "killed: claim after", "hold"),
    "a gate takes nothing": (_nothing_taken, "401 at the claim", "django"),
    "a recovery is looked at once": (_looked_at_once, "what would run changes", "Automation"),
    "nobody is asked": (_nobody_asked, "rejected", "Automation, async"),
    "any answer is a record": (_any_record, "the answer is about another operation", "running"),
    "each try is a record": (_many_records, "the answer is lost once at each step", "running"),
    "it runs without a record": (_without_a_record, "nothing listens", "running, async"),
    "a refused record is none": (_not_refused, "a key that may not open", "decorated"),
    "it is kept once it has ended": (
        _kept_afterwards,
        "nothing listens, and killed: running",
        "running, when away",
    ),
}

BUGS: dict[str, Callable[[], None]] = {name: row[0] for name, row in PLANTED.items()}
