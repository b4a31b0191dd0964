"""What asking raises::

    AndonError
     ├─ SettingsError         something is missing or wrong in the settings
     ├─ UnavailableError      Andon could not be asked; ask again
     ├─ RefusedRequestError   the request itself is wrong
     ├─ NotReleasedError      it was asked and was not released
     │   ├─ RejectedError     a person said no, or stopped it, or the approval is void
     │   ├─ ExpiredError      nobody decided in time, or nobody took the approval in time
     │   ├─ WithdrawnError    the requester took it back
     │   └─ TakenError        another caller runs it
     └─ GrantError            the grant does not verify

Whatever is raised, nothing may run. Each error says in one sentence what happened and whether to
ask again; `id`, `who`, `why` and `retry` say it to programs. Others say more of the same and lie
where they are raised: `keeping.NotKeptError`, `flow.automating.ManualError`,
`recovering.VerificationError` (the one of something that ran) and `breaker.CircuitOpenError`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from andon.models import Escalation


class AndonError(Exception):
    """Andon did not release it."""

    #: Whether asking again, unchanged, may help.
    retry: bool = False

    def __init__(
        self, why: str = "", *, id: str | None = None, who: str | None = None, advice: str = ""
    ) -> None:
        """`why` says what happened, `advice` what to do; the class's own words stand in."""
        self.id = id  #: of the escalation, where there is one
        self.who = who  #: the person or service behind it, where one is known
        self.why = why or str(type(self).__doc__).partition("\n")[0]
        self.advice = advice or ("Ask again." if self.retry else "Do not retry.")
        super().__init__(f"{self.why} {self.advice}")

    def __reduce__(self) -> tuple[Any, ...]:
        """Errors cross processes: pools and task queues pickle them."""
        return _rebuilt, (type(self), self.args, self.__dict__)


def _rebuilt(kind: type[AndonError], args: tuple[Any, ...], said: dict[str, Any]) -> AndonError:
    error = kind.__new__(kind)
    error.args = args
    error.__dict__.update(said)
    return error


class SettingsError(AndonError):
    """A setting is missing or wrong."""

    def __init__(self, why: str = "") -> None:
        """`why` names the setting and says how to set it."""
        super().__init__(why, advice="Nothing was asked.")


class UnavailableError(AndonError):
    """Andon could not be asked."""

    retry = True


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """One field of a request that is wrong."""

    pointer: str  #: where, as RFC 6901 writes it
    detail: str  #: what to mend


@dataclass(frozen=True, slots=True)
class Problem:
    """What the server said against a request (RFC 9457)."""

    status: int
    type: str  #: a stable name such as `/problems/digest-mismatch`
    title: str
    detail: str  #: says what to do
    errors: Sequence[FieldProblem] = ()

    @property
    def name(self) -> str:
        """The last part of its type, such as `digest-mismatch`."""
        return self.type.rpartition("/")[2]


#: What to do about a refusal, where it is not the request that has to be mended.
_ADVICE = {
    401: "Put the service's key into ANDON_KEY or ANDON_KEY_FILE.",
    **dict.fromkeys((403, 404, 405, 409, 410), "Do not retry."),
}


class RefusedRequestError(AndonError):
    """Andon refuses the request."""

    def __init__(self, problem: Problem, *, id: str | None = None) -> None:
        """What the server said."""
        self.problem = problem
        said = [f"{e.pointer or '/'}: {e.detail}" for e in problem.errors]
        if not said or problem.name != "unprocessable":  # whose sentence points at the fields
            said.insert(0, problem.detail)
        why = f"Andon refuses the request ({problem.status}, {problem.title}): {' '.join(said)}"
        super().__init__(why, id=id, advice=_ADVICE.get(problem.status, "Mend it first."))


class NotReleasedError(AndonError):
    """It was not released."""

    def __init__(
        self,
        why: str = "",
        *,
        escalation: "Escalation | None" = None,
        id: str | None = None,
        who: str | None = None,
        advice: str = "",
    ) -> None:
        """`escalation` is how it stood when this was found."""
        self.escalation = escalation
        super().__init__(
            why, id=id or (escalation.id if escalation else None), who=who, advice=advice
        )


class RejectedError(NotReleasedError):
    """A person said no."""

    def __init__(
        self,
        why: str = "",
        *,
        escalation: "Escalation | None" = None,
        id: str | None = None,
        who: str | None = None,
        reason_kind: str = "rejected",
        rationale: str | None = None,
    ) -> None:
        """`rationale` is what the person gave as reason, word for word."""
        self.reason_kind = reason_kind  #: `rejected`, `stopped` or `void`
        self.rationale = rationale
        super().__init__(why, escalation=escalation, id=id, who=who)


class ExpiredError(NotReleasedError):
    """Nobody decided in time."""

    retry = True


class WithdrawnError(NotReleasedError):
    """The requester took it back."""


class TakenError(NotReleasedError):
    """Another caller runs it."""


class GrantError(AndonError):
    """The grant does not verify."""
