"""Who looks, and how the time stands: lines of the card in the channel that change on the way."""

from datetime import datetime, timedelta

from approvals.decide.reach import PAUSED
from approvals.escalation import Escalation, Missed
from approvals.people import People
from approvals.tally import fewest_overrides
from bot.slack.drawing.about import is_incident, longer, overriding, releases
from bot.slack.drawing.spans import Line, Span, joined, name_of, one_line, person, when


def looking(e: Escalation, people: People) -> list[Line]:
    """`@Ravi is looking, since 22:41. Nobody else is called until 22:56.`, or who is awaited."""
    found: list[Line] = []
    if e.acknowledged is not None:
        found.append(_acknowledged(e, people))
    elif e.chain.ended_at is not None:
        since = when(e.chain.ended_at, near=e.created_at)
        found.append(["Nobody has answered, and nobody is left to call, since ", since, "."])
    elif is_awaited(e):
        by = when(first_answer_by(e), near=e.created_at)
        found.append(["First answer expected by ", by, "."])
    return found


def _acknowledged(e: Escalation, people: People) -> Line:
    holds = e.acknowledged
    if holds is None:
        return []
    since, until = when(holds.at, near=e.created_at), when(holds.until, near=e.created_at)
    who = person(holds.person, people)
    return [who, " is looking, since ", since, ". Nobody else is called until ", until, "."]


def is_awaited(e: Escalation) -> bool:
    """Whether those called first are the only ones, and none of them has answered."""
    answered = e.acknowledged or e.votes or e.questions or e.extended
    return bool(e.plan.steps) and e.chain.taken < 2 and not answered


def first_answer_by(e: Escalation) -> datetime:
    """By when somebody must have answered, before others are called."""
    return (e.delivered_at or e.created_at) + timedelta(seconds=e.plan.respond_within_s)


def time_given(e: Escalation, people: People) -> list[Line]:
    """Why the deadline is not the one of the beginning: somebody gave time, or Slack was away."""
    found: list[Line] = []
    if e.extended is not None:
        was = when(e.extended.was, near=e.created_at)
        who = name_of(e.extended.by, people)
        found.append([f"{who} gave it {longer(e)}; it was ", was, " before."])
    if e.delivered_at is not None:
        told = when(e.delivered_at, near=e.created_at)
        found.append(["Slack was away until ", told, "; the time counts from then."])
    return found


def overrides_asked(e: Escalation, people: People) -> list[Line]:
    """`1 of 2 to override the policy (Migrate): @Mia.` Each option counts for itself."""
    found: list[Line] = []
    for option in releases(e):
        agreed = overriding(e, option.key, people)
        if agreed:
            count = f"{len(agreed)} of {fewest_overrides(e.plan)} to override the policy"
            who = joined(person(p, people) for p in agreed)
            found.append([f"{count} ({one_line(option.label, 40)}): ", *who, "."])
    return found


def why_missed(e: Escalation, missed: Missed, people: People) -> list[Span | str]:
    """`notifications paused until 08:00`, or what Slack answered."""
    known = people.persons.get(missed.to.removeprefix("person:"))
    until = known.paused_until if known and missed.why == PAUSED else None
    if until is None or until <= missed.at:
        return [one_line(missed.why, 80)]
    return [f"{PAUSED} until ", when(until, near=e.created_at)]


def like_it(e: Escalation) -> list[Span | str]:
    """` With this one, 3 like it since 22:10; each is decided by itself.`: open or over, lately."""
    if e.alike is None:
        return []
    since = when(e.alike.since, near=e.created_at)
    apart = "." if is_incident(e) else "; each is decided by itself."
    return [f" With this one, {e.alike.nth} like it since ", since, apart]
