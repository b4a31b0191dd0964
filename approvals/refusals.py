"""What the core says no to. A refusal is a value: the reason, what may be done about it, and the
facts its sentence needs. Doors map reasons to HTTP problems and to answers in Slack.

::

    about the request       not-found  wrong-operation  unprocessable  idempotency-key-reused
                            not-held  not-an-incident  too-many-pending
    about an automation     not-automatable  turned-manual
    about the person        not-a-member  unknown-account  requester  not-in-group
                            no-longer-eligible  people-unknown (ask again)  not-your-vote
    about the click         already-decided  expired  withdrawn  out-of-date  not-read
                            unknown-option  reason-needed  reason-too-long  wrong-word
                            already-voted  too-late
    about the chain         already-acknowledged  already-extended  not-extendable
    about a question        no-question  already-answered
    about an override       not-breakable
    about an erasure        not-over
    about what is learned   not-a-writer  no-review  no-such-person  not-a-day
                            already-erased
    about the release       not-approved  digest-mismatch  stopped  approval-void  lapsed
                            already-claimed  already-terminal  not-claimed  outcome-differs
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from approvals.escalation import Json


class Why(StrEnum):
    """Why something was refused. The value is the API's problem name."""

    NOT_FOUND = "not-found"
    WRONG_OPERATION = "wrong-operation"  #: the card's digest is not this escalation's
    UNPROCESSABLE = "unprocessable"
    KEY_REUSED = "idempotency-key-reused"
    TOO_MANY_PENDING = "too-many-pending"  #: so many of the service wait for people already
    NOT_AUTOMATABLE = "not-automatable"  #: never by itself: people decide
    TURNED_MANUAL = "turned-manual"  #: it failed, or ran too often: people decide for now
    NOT_A_MEMBER = "not-a-member"
    UNKNOWN_ACCOUNT = "unknown-account"
    REQUESTER = "requester"
    NOT_IN_GROUP = "not-in-group"
    NO_LONGER_ELIGIBLE = "no-longer-eligible"
    PEOPLE_UNKNOWN = "people-unknown"
    NOT_YOUR_VOTE = "not-your-vote"
    ALREADY_DECIDED = "already-decided"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    OUT_OF_DATE = "out-of-date"
    NOT_READ = "not-read"
    UNKNOWN_OPTION = "unknown-option"
    REASON_NEEDED = "reason-needed"
    REASON_TOO_LONG = "reason-too-long"
    WRONG_WORD = "wrong-word"
    ALREADY_VOTED = "already-voted"
    TOO_LATE = "too-late"
    NOT_APPROVED = "not-approved"
    DIGEST_MISMATCH = "digest-mismatch"
    STOPPED = "stopped"
    APPROVAL_VOID = "approval-void"
    LAPSED = "lapsed"
    ALREADY_CLAIMED = "already-claimed"
    ALREADY_TERMINAL = "already-terminal"
    NOT_CLAIMED = "not-claimed"
    OUTCOME_DIFFERS = "outcome-differs"
    NOT_HELD = "not-held"  #: no approval: no vote, no claim; of an incident no outcome
    NOT_AN_INCIDENT = "not-an-incident"
    ALREADY_EXTENDED = "already-extended"
    NOT_EXTENDABLE = "not-extendable"
    ALREADY_ACKNOWLEDGED = "already-acknowledged"
    NO_QUESTION = "no-question"  #: there is none of that id, or none without an answer
    ALREADY_ANSWERED = "already-answered"
    NOT_BREAKABLE = "not-breakable"  #: the policy names nobody who may override it
    NOT_OVER = "not-over"  #: what may still be decided, taken or reported is not erased
    NOT_A_WRITER = "not-a-writer"  #: neither decides it, nor asked, nor answers for the service
    NO_REVIEW = "no-review"  #: none is due here
    NO_SUCH_PERSON = "no-such-person"  #: the account that was chosen is nobody's the policy names
    NOT_A_DAY = "not-a-day"  #: of no calendar, or (`day` is given) one that is over
    ALREADY_ERASED = "already-erased"  #: it was erased: nothing is written to it any more


#: Refusals a modal shows at its fields; nothing is closed and nothing is lost.
FORM_CORRECTIONS = frozenset(
    {
        Why.REASON_NEEDED,
        Why.REASON_TOO_LONG,
        Why.WRONG_WORD,
        Why.NO_SUCH_PERSON,
        Why.NOT_A_DAY,
    }
)

#: Refusals that correct a form rather than deny a person: not written into the audit log.
NOT_AUDITED = FORM_CORRECTIONS | {Why.NOT_FOUND, Why.ALREADY_VOTED}


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldError:
    """What is wrong with one place of a request: a JSON pointer and what to do about it."""

    pointer: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A no, with what its sentence needs.

    `who` is the person or service refused, for the audit log; `values` are facts for the text
    (names of people, times in ISO 8601); `errors` are the fields of an unprocessable request.
    """

    why: Why
    who: str = ""
    detail: str = ""
    values: Mapping[str, Json] = field(default_factory=dict)
    errors: tuple[FieldError, ...] = ()
