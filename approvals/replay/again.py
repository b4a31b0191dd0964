"""The commands behind the records, made again: what people and services did, for another policy.

What a form asks of a person beyond their choice (a reason, a word to type, the whole text) is taken
as given: they would have given it. What time brings about is no command, but a `Tick` when it is
due. Looks, joins, added context and reasons change no outcome, and are left out.
"""

from collections.abc import Callable, Mapping
from typing import Any

from approvals import commands, events
from approvals.commands import Actor, Command
from approvals.escalation import Escalation
from approvals.events import Record
from approvals.people import People
from approvals.refusals import Why
from approvals.typing_target import word_to_type
from approvals.words import DecidedBy, Result

#: The reason of a vote that needed none then.
NO_REASON = "(none was asked for)"

#: Refusals of a vote that another policy might not have made.
_OTHERWISE = frozenset(
    {
        Why.ALREADY_DECIDED,
        Why.EXPIRED,
        Why.NOT_IN_GROUP,
        Why.NO_LONGER_ELIGIBLE,
        Why.REQUESTER,
        Why.UNKNOWN_ACCOUNT,
    }
)

#: The escalation as it stands in the replay, and the people of that moment.
Made = Callable[[Record, Escalation, People], Command | None]


def again(record: Record, escalation: Escalation, people: People) -> Command | None:
    """The command behind a record; None where there was none, or none that matters."""
    made = _MADE.get(record.kind)
    return made(record, escalation, people) if made else None


def _ids(record: Record) -> dict[str, Any]:
    return {"id": record.command["id"], "escalation_id": record.escalation_id}


def _by(record: Record, people: People) -> Actor:
    """An account of the person who acted; nobody's where the policy does not know them."""
    kind, _, name = record.by.partition(":")
    known = people.persons.get(name) if kind == "person" else None
    accounts = known.accounts if known else ()
    return Actor(account=name if kind == "account" else next(iter(accounts), ""))


def _vote(record: Record, escalation: Escalation, people: People) -> Command:
    return commands.Vote(
        **_ids(record),
        actor=Actor(account=record.facts["account"]),
        option=record.body["option"],
        shown=escalation.shown,
        digest=escalation.digest,
        rationale=record.body.get("rationale") or NO_REASON,
        typed=word_to_type(escalation),
        read_whole=True,
    )


def _refused(record: Record, escalation: Escalation, people: People) -> Command | None:
    """A vote that came too late, or from somebody who could not decide then: it is cast again."""
    option = record.command.get("option")
    if option is None or record.body["why"] not in _OTHERWISE:
        return None
    return commands.Vote(
        **_ids(record),
        actor=_by(record, people),
        option=option,
        shown=escalation.shown,
        digest=escalation.digest,
        rationale=NO_REASON,
        typed=word_to_type(escalation),
        read_whole=True,
    )


def _recheck(record: Record, escalation: Escalation, people: People) -> Command:
    if record.by.startswith("operator:"):
        why = record.body.get("why") or record.body.get("reason")
        return commands.Void(**_ids(record), by=record.by, why=str(why))
    return commands.RecheckPeople(**_ids(record))


def _decided(record: Record, escalation: Escalation, people: People) -> Command | None:
    """Only taking it back is a command of its own; votes and time decide by themselves."""
    if record.body["by"] != DecidedBy.REQUESTER:
        return None
    reason = record.body.get("reason")
    if record.by.startswith("service:"):
        service = record.by.removeprefix("service:")
        return commands.Withdraw(**_ids(record), service=service, reason=reason)
    return commands.Withdraw(**_ids(record), actor=_by(record, people), reason=reason)


def _stop(record: Record, escalation: Escalation, people: People) -> Command | None:
    if record.body.get("void"):
        return _recheck(record, escalation, people)
    actor, reason = _by(record, people), record.body.get("reason")
    return commands.Stop(**_ids(record), actor=actor, reason=reason)


def _claim(record: Record, escalation: Escalation, people: People) -> Command:
    body = record.body
    return commands.Claim(
        **_ids(record),
        service=body["by"],
        key=body["key"],
        digest=body["digest"],
        nonce=body["nonce"],
        grant_id=body["grant_id"],
    )


def _report(record: Record, escalation: Escalation, people: People) -> Command | None:
    if record.body["by"] == "clock":
        return None
    result = Result(record.body["result"])
    return commands.Report(**_ids(record), service=record.body["by"], result=result)


def _extend(record: Record, escalation: Escalation, people: People) -> Command:
    return commands.Extend(**_ids(record), actor=_by(record, people))


def _arrived(record: Record, escalation: Escalation, people: People) -> Command:
    return commands.Arrived(**_ids(record))


def _missed(record: Record, escalation: Escalation, people: People) -> Command:
    return commands.Miss(**_ids(record), to=record.body["to"], why=record.body["why"])


def _override(record: Record, escalation: Escalation, people: People) -> Command:
    return commands.BreakGlass(
        **_ids(record),
        actor=Actor(account=record.facts["account"]),
        option=record.body["option"],
        digest=escalation.digest,
        reason=record.body["reason"],
    )


def _resolve(record: Record, escalation: Escalation, people: People) -> Command:
    of_service = record.by.startswith("service:")
    return commands.Resolve(
        **_ids(record),
        root_cause=record.body["root_cause"],
        service=record.by.removeprefix("service:") if of_service else None,
        actor=None if of_service else _by(record, people),
    )


_MADE: Mapping[str, Made] = {
    events.VOTE_CAST: _vote,
    events.REFUSED: _refused,
    events.VOTE_VOIDED: _recheck,
    events.DECIDED: _decided,
    events.STOPPED: _stop,
    events.CLAIMED: _claim,
    events.REPORTED: _report,
    events.EXTENDED: _extend,
    events.ARRIVED: _arrived,
    events.MISSED: _missed,
    events.OVERRIDE_ASKED: _override,
    events.RESOLVED: _resolve,
}
