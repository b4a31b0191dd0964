"""How many are needed, from whom, and who agreed so far: the line that changes with every vote."""

from approvals.escalation import Escalation, Option, Vote
from approvals.people import People
from approvals.policy.seats import seats_for
from approvals.snapshot import Requirement
from approvals.tally import counting, standing_shown
from bot.slack.drawing.about import (
    fewest,
    in_stead,
    may_decide,
    may_still,
    needed,
    reason_of,
    releases,
)
from bot.slack.drawing.spans import (
    Line,
    Span,
    all_of,
    bold,
    joined,
    one_line,
    person,
    quoted,
    when,
)

#: More people than this are counted, not named.
MOST_NAMED = 5

DO_NOT_ADD_UP = "Votes for different options do not add up."


def wanted(seats: tuple[Requirement, ...]) -> str:
    """`2 of finance-approvers`, `1 of database-admin and 1 of security`."""
    return all_of(f"{seat.needed} of {seat.group}" for seat in seats)


def wanted_at_least(e: Escalation) -> str:
    """What the easiest release wants; more, where another wants more."""
    options = releases(e)
    if not options:
        return wanted(e.plan.requirements)
    easiest = min(options, key=lambda o: needed(e, o))
    most = max(needed(e, o) for o in options)
    text = wanted(seats_for(e.plan, easiest))
    return text if most == fewest(e) else f"{text}, {most} for what cannot be undone"


def counts(e: Escalation, people: People) -> list[Line]:
    """For the channel: who agreed, how many are missing, who may still decide."""
    options = releases(e)
    voted = [o for o in options if counting(e, o.key)]
    if len(options) > 1 and (voted or fewest(e) != max(needed(e, o) for o in options)):
        return [_per_option(e, people, options), _may(e, people)]
    if fewest(e) == 1 and not voted:
        return [_nobody_yet(e, people)]
    return [[*_standing(e, people, options[0]), " ", *_may(e, people)]]


def _nobody_yet(e: Escalation, people: People) -> list[Span | str]:
    """`Needs 1 of database-admin: @Ravi, @Ines.`"""
    may = may_decide(e, people)
    text = f"Needs {wanted(e.plan.requirements)}"
    return [f"{text}: ", *named(may, people), "."] if may else [f"{text}; nobody can just now."]


def _standing(e: Escalation, people: People, option: Option) -> list[Span | str]:
    stands = standing_shown(e, option)
    said: list[Span | str] = [f"{stands.have} of {stands.needed}"]
    votes = counting(e, option.key)
    if votes:
        said += [": ", *joined_votes(e, votes, people)]
    return [*said, "."]


def joined_votes(e: Escalation, votes: tuple[Vote, ...], people: People) -> list[Span]:
    """`@Mia 17:52 «matches the signed invoice»`, each vote after the other."""
    found: list[Span] = []
    for n, vote in enumerate(votes):
        found += joined(["; "] if n else [])
        whose = Span(text=f"{in_stead(vote.stead, people)} ")
        found += [person(vote.person, people), whose, when(vote.at, near=e.created_at)]
        reason = reason_of(e, vote)
        found += [Span(text=" "), quoted(reason, 80)] if reason else []
    return found


def _per_option(e: Escalation, people: People, options: tuple[Option, ...]) -> list[Span | str]:
    """`Migrate 1 of 2 (@Ravi) · Recreate 1 of 2 (@Ines). Votes for … do not add up.`"""
    found: list[Span | str] = []
    for n, option in enumerate(options):
        stands = standing_shown(e, option)
        found += [" · "] if n else []
        found += [bold(one_line(option.label, 30)), f" {stands.have} of {stands.needed}"]
        who = [v.person for v in counting(e, option.key)]
        found += [" (", *named(tuple(who), people), ")"] if who else []
    return [*found, f". {DO_NOT_ADD_UP}"]


def _may(e: Escalation, people: People) -> list[Span | str]:
    """Who may decide; once someone voted, who still may."""
    voted = {v.person for v in e.votes if v.void is None}
    options = releases(e)
    may = may_still(e, people, options[0]) if len(options) == 1 else may_decide(e, people)
    may = tuple(p for p in may if p not in voted)
    words = "May still decide: " if voted else "May decide: "
    if not may:
        return ["Nobody else can decide just now."]
    return [words, *named(may, people), "."]


def named(ids: tuple[str, ...], people: People) -> list[Span]:
    """Each as a person; more than a few are counted."""
    if len(ids) > MOST_NAMED:
        return [Span(text=f"{len(ids)} people")]
    return joined(person(p, people) for p in ids)
