"""What one request needs: which rule, how bad, from whom, by when, with how much friction.

::

    first matching rule -> severity -> options (irreversible, friction, people)
                        -> who is excluded -> can the seats be filled? -> Plan with its chain
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from approvals.categories import category
from approvals.codec import dump_plan
from approvals.escalation import Json, Option, Requester
from approvals.people import People
from approvals.policy.asking import Ask
from approvals.policy.course import fallback_of, hours_of, steps_of, terms_of
from approvals.policy.gates import lacking_context, unread_amount
from approvals.policy.match import Said
from approvals.policy.model import Policy, Rule
from approvals.policy.seats import most_seats, seats_for
from approvals.policy.steps import Around, resolved
from approvals.refusals import FieldError
from approvals.severities import Terms
from approvals.snapshot import Plan, Requirement, Rotation, Step
from approvals.words import Effect, Friction, Kind, Severity

#: A caller may ask for at most this many times the default deadline, unless the rule says more.
LONGEST = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """The plan, and what policy made of severity, options and requester."""

    plan: Plan
    severity: Severity
    options: tuple[Option, ...]  #: without arguments and descriptions, as in the ask
    requester: Requester | None
    plan_json: Mapping[str, Json]  #: the plan as it stands in the opening event


def plan(policy: Policy, ask: Ask, people: People) -> Planned | tuple[FieldError, ...]:
    """What the request needs, or every reason why it cannot be asked like that."""
    at = policy.first_match(ask.said)
    rule = policy.rules[at] if at is not None else None
    unread = unread_amount(policy, at, ask)
    if unread is not None:
        return (unread,)
    requirements, errors = _requirements(policy, rule, ask)
    if errors:
        return errors
    severity = severity_of(ask, rule)
    offered = () if ask.kind is Kind.INCIDENT else ask.options
    options = tuple(_judged(o, ask, rule, severity) for o in offered)
    excluded, errors = _excluded(policy, rule, ask, people, requirements, options)
    terms = terms_of(policy, rule, severity)
    errors += tuple(_bounds(rule, ask, terms.decide_within_s))
    errors += tuple(lacking_context(rule, ask))
    if errors:
        return errors
    made = replace(_snapshot(policy, at, ask, people, requirements), excluded=excluded)
    made = replace(_timed(made, rule, ask, terms), hours=hours_of(policy, rule, severity))
    made = replace(made, steps=_steps(policy, rule, ask, made, severity))
    errors = tuple(_unfillable(made, options, ask, severity))
    if errors:
        return errors
    return Planned(
        plan=made,
        severity=severity,
        options=options,
        requester=_resolved(ask.requester, people),
        plan_json=dump_plan(made),
    )


def _snapshot(
    policy: Policy, at: int | None, ask: Ask, people: People, requirements: tuple[Requirement, ...]
) -> Plan:
    """What the policy says of people and places, as it stands."""
    rule = policy.rules[at] if at is not None else None
    groups = [r.group for r in requirements]
    return Plan(
        rule=rule.name if rule else "named by the request",
        policy_version=policy.version,
        policy_text=policy.rule_text(at) if at is not None else "",
        requirements=requirements,
        members={group: _members(group, people) for group in groups},
        one_person_fills_many=bool(rule and rule.one_person_fills_many),
        channel=_channel(policy, rule, ask),
        zone=policy.zone,
        show=rule.show if rule else (),
        quiet=_quiet(policy, groups),
        owners=tuple(o for o in _owners(policy, ask, people) if o in people.persons),
        break_glass=_break_glass(policy, ask),
        rotations={g: r for g in groups if (r := _rotation(policy, g)) is not None},
        substitutes=tuple(g for g in groups if policy.groups[g].substitutes),
    )


def _timed(made: Plan, rule: Rule | None, ask: Ask, terms: Terms) -> Plan:
    """The plan with its clocks. Nobody is expected to answer after the deadline."""
    decide_s = ask.decide_within_s or terms.decide_within_s
    return replace(
        made,
        respond_within_s=min(terms.respond_within_s, decide_s),
        decide_within_s=decide_s,
        claim_within_s=ask.claim_within_s or (rule.claim_s if rule else 900),
        grant_for_s=rule.grant_for_s if rule else 300,
        report_within_s=rule.report_within_s if rule else 3600,
        acknowledge_for_s=terms.acknowledge_for_s,
        extend_by_s=0 if ask.kind is Kind.INCIDENT else terms.extend_by_s,
        undelivered_max_s=terms.undelivered_max_s,
    )


def show_paths(policy: Policy, said: Said) -> tuple[str, ...]:
    """Paths of the matching rule that are never redacted: they are what is decided.

    Asked before the store is, so nothing is known yet of what was moved in the last 24 h.
    """
    at = policy.first_match(said)
    return policy.rules[at].show if at is not None else ()


def severity_of(ask: Ask, rule: Rule | None) -> Severity:
    """The worst of the table, rule and caller."""
    return Severity.worst(ask.floor, rule.severity if rule else None, ask.severity)


def _requirements(
    policy: Policy, rule: Rule | None, ask: Ask
) -> tuple[tuple[Requirement, ...], tuple[FieldError, ...]]:
    """The rule's requirements and one of each group the request names."""
    needed = list(rule.needs()) if rule else []
    if ask.kind is Kind.INCIDENT:  # one who helps is enough
        needed = [Requirement(group=r.group, needed=1) for r in needed]
    errors = []
    for n, group in enumerate(ask.approvers):
        if group not in policy.groups:
            known = ", ".join(policy.groups) or "none"
            detail = f'No group is called "{group}". Groups: {known}.'
            errors.append(FieldError(pointer=f"/approvers/{n}", detail=detail))
        elif all(r.group != group for r in needed):
            needed.append(Requirement(group=group, needed=1))
    if not needed and not errors:
        detail = (
            "No rule of the policy matches and the request names no approvers, so nobody could "
            "decide. Add a rule, or name groups in `approvers`."
        )
        errors.append(FieldError(pointer="", detail=detail))
    return tuple(needed), tuple(errors)


def _resolved(asked: Requester | None, people: People) -> Requester | None:
    known = people.meant_by(asked) if asked else ()
    return replace(asked, person=known[0].id) if asked and known else asked


def _judged(option: Option, ask: Ask, rule: Rule | None, severity: Severity) -> Option:
    """The option with what policy says of it; aborts need nothing."""
    if option.effect is Effect.ABORT:
        return replace(option, irreversible=False)
    default = category(ask.category).irreversible or bool(rule and rule.irreversible)
    lifted = rule is not None and any(
        fnmatchcase(ask.service, r.service)
        and fnmatchcase(ask.operation_name, r.operation)
        and fnmatchcase(option.key, r.option)
        for r in rule.reversible
    )
    irreversible = option.irreversible or (default and not lifted)
    if not irreversible:
        return replace(option, irreversible=False)
    typed = severity is Severity.CRITICAL
    return replace(
        option,
        irreversible=True,
        friction=Friction.TYPED if typed else Friction.REASON,
        people=2 if typed else 1,
    )


def _excluded(
    policy: Policy,
    rule: Rule | None,
    ask: Ask,
    people: People,
    requirements: Sequence[Requirement],
    options: Sequence[Option],
) -> tuple[tuple[str, ...], tuple[FieldError, ...]]:
    """Who never counts: the requester; the owners where nobody resolvable is named.

    Two people cannot be told apart from an unknown requester, so that is refused.
    """
    known = people.meant_by(ask.requester) if ask.requester else ()
    if ask.kind is Kind.INCIDENT:
        return (), ()  # nothing is decided: whoever can may help
    if known:
        return tuple(p.id for p in known), ()
    if rule is not None and not rule.exclude_requester:
        return (), ()
    wanted = max(sum(r.needed for r in requirements), *(o.people for o in options), 1)
    if wanted > 1:
        detail = (
            f"This needs {wanted} people besides the one who asks. Say who asks: "
            "an id or e-mail of a person in the policy, or their Slack account."
        )
        return (), (FieldError(pointer="/requested_by", detail=detail),)
    return tuple(_owners(policy, ask, people)), ()


def _owners(policy: Policy, ask: Ask, people: People) -> Iterator[str]:
    """The service's owners, by registration and by the file, each once."""
    for name in dict.fromkeys((*ask.owners, *policy.owners.get(ask.service, ()))):
        person = people.named(name)
        yield person.id if person else name


def _bounds(rule: Rule | None, ask: Ask, decide_s: int) -> Iterator[FieldError]:
    longest = (rule.decide_within_max_s if rule else None) or LONGEST * decide_s
    claim = rule.claim_within_max_s if rule else 24 * 3600
    for name, value, most in (
        ("decide_within_s", ask.decide_within_s, longest),
        ("claim_within_s", ask.claim_within_s, claim),
    ):
        if value is not None and value > most:
            detail = f"At most {most} seconds here; the policy sets the bound."
            yield FieldError(pointer=f"/{name}", detail=detail)


def _members(group: str, people: People) -> tuple[str, ...]:
    listed = people.groups.get(group, frozenset())
    return tuple(sorted(m for m in listed if m in people.persons and people.persons[m].reachable))


def _unfillable(
    made: Plan, options: Sequence[Option], ask: Ask, severity: Severity
) -> Iterator[FieldError]:
    """Every release option must be within reach of the people there are; an incident, of one."""
    if ask.kind is Kind.INCIDENT:
        if severity is not Severity.LOW and not made.could_decide:
            groups = ", ".join(r.group for r in made.requirements)
            detail = f'Rule "{made.rule}" asks {groups}, and nobody there can be reached.'
            yield FieldError(pointer="/approvers", detail=detail)
        return
    may = {g: [m for m in members if m not in made.excluded] for g, members in made.members.items()}
    everyone = {m for members in may.values() for m in members}
    for n, option in enumerate(options):
        if option.effect is Effect.ABORT:
            continue
        seats = seats_for(made, option)
        wanted = sum(s.needed for s in seats)
        filled = sum(most_seats(seats, may, everyone, made.one_person_fills_many).values())
        if filled < wanted:
            groups = ", ".join(s.group for s in seats)
            detail = (
                f'Rule "{made.rule}" wants {wanted} of {groups} for «{option.label}», and only '
                f"{filled} can decide once the requester is left out."
            )
            raised = wanted > sum(r.needed for r in made.requirements)
            yield FieldError(pointer=f"/options/{n}" if raised else "/approvers", detail=detail)
            return


def _channel(policy: Policy, rule: Rule | None, ask: Ask) -> str | None:
    """The rule's channel, unless everybody could read there what is not everybody's business."""
    named = policy.channels.get(rule.channel) if rule and rule.channel else None
    if named is None or (category(ask.category).private and not named.private):
        return None
    return named.id


def _quiet(policy: Policy, groups: Sequence[str]) -> tuple[str, ...]:
    """Who is never pinged: quiet in every one of the groups they are listed in."""
    listed = {g: policy.groups[g] for g in groups}
    rung = {m for g in listed.values() for m in g.members if m not in g.quiet}
    quiet = {m for g in listed.values() for m in g.quiet}
    return tuple(sorted(quiet - rung))


def _rotation(policy: Policy, group: str) -> Rotation | None:
    entry = policy.groups[group]
    if entry.rotation is None:
        return None
    turn = entry.rotation
    return Rotation(people=entry.members, start=turn.start, days=turn.days, zone=policy.zone)


def _break_glass(policy: Policy, ask: Ask) -> Requirement | None:
    """Who may override together. An incident holds nothing, so there is nothing to override."""
    entry = policy.break_glass
    if entry is None or ask.kind is Kind.INCIDENT:
        return None
    return Requirement(group=entry.group, needed=entry.needed)


def _steps(
    policy: Policy, rule: Rule | None, ask: Ask, made: Plan, severity: Severity
) -> tuple[Step, ...]:
    around = Around(
        channel=made.channel,
        owners=made.owners,
        fallback=fallback_of(policy, rule, severity),
        private=category(ask.category).private,
    )
    return resolved(steps_of(policy, rule, severity, made.respond_within_s), policy, around)
