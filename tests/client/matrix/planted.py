"""Bugs a client could have, planted so that the matrix shows it would find them."""

from collections.abc import Callable, Generator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import andon
from andon import Grant, UnavailableError, grants
from andon.flow import claiming
from andon.keeping import KeptClaim, random_key
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


def _another_key() -> None:
    """Each try of a claim has a key of its own."""
    honest = claiming._sent

    def sent(found: Any, kept: KeptClaim, patience: Any) -> Generator[Any, Any, Any]:
        flow = honest(found, kept, patience)
        step = next(flow)
        while True:
            if hasattr(step, "headers"):
                fresh = {**step.headers, "Idempotency-Key": random_key()}
                step = replace(step, headers=fresh)
            try:
                step = flow.send((yield step))
            except StopIteration as done:
                return done.value

    claiming._sent = sent


def _open_when_away() -> None:
    """Where Andon cannot be asked, it goes on without."""
    honest = Driver.run

    def run(self: Driver, flow: Any) -> Any:
        try:
            return honest(self, flow)
        except UnavailableError:
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
    """Keys are not kept before they are sent."""
    from andon import keeping

    keeping._write = lambda path, value: None
    keeping._folder = lambda path: None


#: Every bug by its name, and where it is to be found: which failure, at which way in.
PLANTED: dict[str, tuple[Callable[[], None], str, str]] = {
    "the digest is ignored": (_digest_ignored, "what would run changes", "Client"),
    "200 is enough": (_unverified, "no grant, just 200", "Client"),
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
    "no key is kept": (_not_kept, "the folder for keys is none", "Client"),
}

BUGS: dict[str, Callable[[], None]] = {name: row[0] for name, row in PLANTED.items()}
