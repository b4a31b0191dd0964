"""Answers to people who may not do this: strangers, requesters, those who left, those too late."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from approvals.escalation import Escalation
from approvals.people import People
from approvals.refusals import Why
from bot.slack.drawing.about import asker_name, is_incident
from bot.slack.drawing.buttons import button
from bot.slack.drawing.spans import Element, Line, any_of, one_line
from bot.slack.drawing.words import NOT_RECORDED, WITHDRAW

Values = Mapping[str, Any]
Sentence = tuple[Line, Sequence[Element]]
Teller = Callable[[Escalation, Values, People], Sentence]


#: What only those can do on whose behalf it was asked.
_FOR_THE_ASKER: Mapping[str, str] = {
    "withdraw": "take it back",
    "answer": "answer that; you can write in the thread",
}


def _requester(e: Escalation, values: Values, people: People) -> Sentence:
    name = asker_name(e, people)
    asked = e.requester
    own = asked is not None and (asked.person or asked.slack)
    why = f"You asked for this ({name})" if own else f"You stand behind {e.service}"
    cannot = "so others have to look" if is_incident(e) else "so you cannot decide it"
    line = f"{NOT_RECORDED} {why}, {cannot}.{_can(e, values)} To take it back:"
    return (line,), [button(e, "withdraw", WITHDRAW)]


def _not_in_group(e: Escalation, values: Values, people: People) -> Sentence:
    line = f"This needs {_groups(values)}, and you are not in it.{_can(e, values)}"
    return (f"{NOT_RECORDED} {line} Know something they should? Write it in the thread.",), ()


def _left(e: Escalation, values: Values, people: People) -> Sentence:
    line = f"You left {_groups(values)} since this was asked.{_can(e, values)}"
    return (f"{NOT_RECORDED} {line}",), ()


def _unknown_account(e: Escalation, values: Values, people: People) -> Sentence:
    account = one_line(str(values.get("account") or "your account"), 30)
    line = "Andon does not know your Slack account. Ask the owner of policy.toml to add "
    return (f"{NOT_RECORDED} {line}`{account}` to your person, then tap again.",), ()


def _not_a_member(e: Escalation, values: Values, people: People) -> Sentence:
    return (f"{NOT_RECORDED} Only members of this workspace can {_act(e)}.",), ()


def _people_unknown(e: Escalation, values: Values, people: People) -> Sentence:
    then = "Tap" if is_incident(e) else "Nothing runs; tap"
    line = f"Andon cannot check just now who may {_act(e)}. {then} again in a minute."
    return (f"{NOT_RECORDED} {line}",), ()


def _not_your_vote(e: Escalation, values: Values, people: People) -> Sentence:
    if values.get("verb") in _FOR_THE_ASKER:
        who = asker_name(e, people) or f"who stands behind {e.service}"
        return (f"{NOT_RECORDED} Only {who} can {_FOR_THE_ASKER[values['verb']]}.",), ()
    return (f"{NOT_RECORDED} A reason belongs to a vote, and you have none here.",), ()


def _too_late(e: Escalation, values: Values, people: People) -> Sentence:
    line = "A reason can be added for 10 minutes after the vote. Write it in the thread instead."
    return (f"{NOT_RECORDED} {line}",), ()


def _can(e: Escalation, values: Values) -> str:
    names = [one_line(str(name), 60) for name in values.get("can") or ()]
    return f" {any_of(names)} can {_act(e)}." if names else " Nobody can just now."


def _act(e: Escalation) -> str:
    """What is asked of people here."""
    return "resolve it" if is_incident(e) else "decide"


def _groups(values: Values) -> str:
    return any_of(one_line(str(g), 60) for g in values.get("groups") or ("a group",))


BY_CASE: Mapping[str, Teller] = {
    Why.REQUESTER: _requester,
    Why.NOT_IN_GROUP: _not_in_group,
    Why.NO_LONGER_ELIGIBLE: _left,
    Why.UNKNOWN_ACCOUNT: _unknown_account,
    Why.NOT_A_MEMBER: _not_a_member,
    Why.PEOPLE_UNKNOWN: _people_unknown,
    Why.NOT_YOUR_VOTE: _not_your_vote,
    Why.TOO_LATE: _too_late,
}
