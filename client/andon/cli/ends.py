"""How it ended, for people and for programs: code, reason and sentence of each end."""

from dataclasses import asdict, dataclass
from signal import Signals
from typing import TYPE_CHECKING, Any

from andon.cli import words
from andon.cli.exits import Exit

if TYPE_CHECKING:
    from andon.cli.command import CannotStartError
    from andon.cli.running import Ended
    from andon.errors import AndonError, NotReleasedError
    from andon.grants import Grant
    from andon.models import Escalation


@dataclass(frozen=True, kw_only=True)
class End:
    """What `--result-file` says, and what the last line on standard error does."""

    exit_code: int  #: of `andon run`
    ran: bool = False  #: whether COMMAND was started
    reason: str  #: a stable word, such as ran, rejected, expired, withdrawn, taken, unavailable
    message: str  #: for people: what happened, and whether to retry
    retry: bool = False  #: whether asking again, unchanged, may help
    id: str | None = None  #: of the escalation
    digest: str | None = None
    option: str | None = None  #: the key of what people chose
    who: str | None = None  #: the person or service behind it
    rationale: str | None = None  #: their words
    command_exit_code: int | None = None  #: of COMMAND; null where it did not run
    signal: str | None = None  #: what ended COMMAND, or the asking
    reported: bool | None = None  #: whether the outcome reached Andon; null where none is owed

    def as_json(self) -> dict[str, Any]:
        """As written to the file."""
        return asdict(self)


# -- COMMAND ran ------------------------------------------------------------------------------


def ran(e: "Escalation", grant: "Grant", ended: "Ended", trouble: str) -> End:
    """COMMAND's own exit code, whatever became of the report; `trouble` says why it is missing."""
    vote = e.deciding_vote()
    return End(
        exit_code=ended.exit_code,
        ran=True,
        reason="ran",
        message=f"COMMAND ran: {ended.said}. {trouble or 'It is reported.'}",
        option=grant.option,
        who=", ".join(grant.approvers) or None,
        rationale=vote.rationale if vote else None,
        command_exit_code=ended.exit_code,
        signal=ended.signal,
        reported=not trouble,
    )


# -- it did not run ---------------------------------------------------------------------------


def usage(why: object) -> End:
    """The command line is wrong; nobody was asked."""
    return End(exit_code=Exit.USAGE, reason="usage", message=f"{why}. Nobody was asked.")


def unstartable(error: "CannotStartError", *, is_reported: bool | None = None) -> End:
    """As a shell would say it."""
    when = "Nobody was asked." if is_reported is None else "The release is used up."
    reason = "not-found" if error.exit_code is Exit.NOT_FOUND else "not-startable"
    return End(
        exit_code=error.exit_code,
        reason=reason,
        message=f"Not run. {words.plain(str(error))}. {when}",
        reported=is_reported,
    )


def changed(why: str) -> End:
    """What would run now is not what people were shown."""
    return End(
        exit_code=Exit.UNASKED,
        reason="changed",
        message=f"Not run. {why}, so this is not what people released. Ask again.",
        retry=True,
    )


def broken(error: Exception) -> End:
    """Something that should not happen; whatever it was, COMMAND did not start."""
    return End(
        exit_code=Exit.UNASKED,
        reason="broken",
        message=f"Not run. andon itself failed: {words.plain(repr(error))}. Please report it.",
    )


def interrupted(number: int, then: str) -> End:
    """Somebody wanted it to end; `then` says what became of the question."""
    name = Signals(number).name
    return End(
        exit_code=128 + number,
        reason="interrupted",
        message=f"Not run. {name} ended the waiting. {then}",
        retry=True,
        signal=name,
    )


def of_error(error: "AndonError") -> End:
    """The end that an error of Andon makes of it."""
    from andon.errors import GrantError, NotReleasedError, SettingsError, UnavailableError

    if isinstance(error, NotReleasedError):
        return _of_people(error)
    reasons = {GrantError: "grant", SettingsError: "settings", UnavailableError: "unavailable"}
    return End(
        exit_code=Exit.UNASKED,
        reason=next((said for kind, said in reasons.items() if isinstance(error, kind)), "refused"),
        message=f"Not run. {words.plain(str(error))}",
        retry=error.retry,
        id=error.id,
    )


def waiting(e: "Escalation") -> End:
    """`andon wait --timeout` is over."""
    message = f"Nobody has decided yet; {e.id} still waits."
    return End(exit_code=Exit.WAITING, reason="waiting", message=message, retry=True, id=e.id)


def nothing(reference: str) -> End:
    """`andon show` found none."""
    message = f"This service has no escalation with the reference {words.plain(reference)}."
    return End(exit_code=Exit.UNASKED, reason="nothing", message=message)


def _of_people(error: "NotReleasedError") -> End:
    code, reason = _why(error)
    e = error.escalation
    decision = e.decision if e else None
    return End(
        exit_code=code,
        reason=reason,
        message=f"Not run. {_sentence(error, reason)}",
        retry=error.retry,
        id=error.id,
        digest=e.digest if e else None,
        option=decision.option if decision else None,
        who=error.who,
        rationale=getattr(error, "rationale", None),
    )


def _why(error: "NotReleasedError") -> tuple[Exit, str]:
    from andon.errors import ExpiredError, RejectedError, TakenError, WithdrawnError

    match error:
        case RejectedError():
            return Exit.REJECTED, error.reason_kind
        case ExpiredError():
            approved = error.escalation is not None and error.escalation.status == "approved"
            return Exit.EXPIRED, "lapsed" if approved else "expired"
        case WithdrawnError():
            return Exit.WITHDRAWN, "withdrawn"
        case TakenError():
            return Exit.TAKEN, "taken"
    return Exit.UNASKED, "unreleased"


def _sentence(error: "NotReleasedError", reason: str) -> str:
    """A bare "denied" makes programs try again: who, what, why, and whether to retry."""
    if reason != "rejected" or error.escalation is None:
        return words.plain(str(error))
    return f"{words.chosen(error.escalation)} A person said no. {error.advice}"
