"""People as the records know them, for another policy: who was in which group, and reachable, then.

The other policy says who is listed. What Slack said is taken from the records: who could decide
when it was asked, who was in which group when they voted, who had left when a vote was voided.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from approvals import events
from approvals.escalation import Escalation
from approvals.events import DECIDED, Record
from approvals.people import Absence, People
from approvals.policy.model import Policy
from approvals.refusals import Why

#: Refusals that say that somebody is in none of the groups that were asked.
_OUTSIDE = frozenset({Why.NOT_IN_GROUP, Why.NO_LONGER_ELIGIBLE})

#: Absences are told by a vote, and hold for that vote.
MOMENT = timedelta(seconds=1)


class Then:
    """People under `policy` while an escalation opened under `before` was alive."""

    def __init__(
        self,
        opening: Escalation,
        records: Sequence[Record],
        before: Policy | None,
        policy: Policy,
    ) -> None:
        self._before, self._policy = before, policy
        self._asked = tuple(opening.plan.members)  # whose members the records know
        self._glass = opening.plan.break_glass
        self._by_glass: list[str] = []
        self._away: dict[str, str] = {}  # person -> who votes in their stead at this moment
        self._steads: dict[str, list[str]] = {}  # voter -> whose membership the vote counts as
        self._votes: dict[str, tuple[str, set[str]]] = {}  # voter -> option, own groups then
        listed = policy.file_people(opening.created_at)
        self._persons, members = dict(listed.persons), opening.plan.members
        in_slack = self._in_slack(members, records)
        self._groups = {
            name: set(listed.groups.get(name, ()))
            | (in_slack.get(self._place(policy, name), set()) & set(self._persons))
            for name in policy.groups
        }
        for name, person in self._missing(members):
            if any(person in inside for inside in members.values()):
                self._is_out(person, name)
            else:
                self._is_active(person, False)
        #: Groups in Slack of which the records do not say who was in them.
        self.untold = tuple(
            name
            for name, group in policy.groups.items()
            if group.slack_usergroup and self._place(policy, name) not in in_slack
        )

    def people(self, now: datetime) -> People:
        """As known at that moment."""
        groups = {name: frozenset(members) for name, members in self._groups.items()}
        away = {
            person: Absence(person=person, substitute=by, since=now, until=now + MOMENT)
            for person, by in self._away.items()
        }
        return People(
            persons=dict(self._persons),
            groups=groups,
            absences=away,
            as_of=now,
        )

    def filled(self, now: datetime) -> People:
        """The same with everybody in the groups that are untold."""
        everybody = frozenset(self._persons)
        people = self.people(now)
        return replace(people, groups={**people.groups, **dict.fromkeys(self.untold, everybody)})

    def note(self, record: Record) -> None:
        """What a record says of people; before its command is driven."""
        body, self._away = record.body, {}
        match record.kind:
            case events.VOTE_CAST:
                self._voted(record, dict(body.get("stead", ())))
            case events.VOTE_VOIDED | events.STOPPED if record.by.startswith("operator:"):
                pass  # a backup was restored: that says nothing of anybody
            case events.VOTE_VOIDED if "left " in body["why"]:
                self._left(body["person"])
            case events.VOTE_VOIDED:
                self._is_active(body["person"], False)
            case events.REFUSED if body["why"] in _OUTSIDE:
                self._is_in(record.by.removeprefix("person:"), ())
            case events.OVERRIDE_ASKED:
                self._overrode(body["person"])
            case events.STOPPED if body.get("void") and not body.get("people"):
                for person in (*self._votes, *self._by_glass):  # which of them is not on record
                    self._is_active(person, False)

    def _voted(self, record: Record, stead: Mapping[str, str]) -> None:
        """A vote tells who was in which group, in whose stead the person counted, and who of those
        that had voted before counted still.
        """
        person, groups = record.body["person"], set(record.body["groups"])
        self._is_active(person, True)
        self._is_in(person, groups - set(stead))
        for group, away in stead.items():
            self._away[away] = person
            for name in self._same_as(group):
                self._groups[name].add(away)
        self._steads[person] = list(stead.values()) or [person]
        self._votes[person] = (record.body["option"], groups - set(stead))
        counted = record.facts.get("counted", self._votes)
        for voter, (option, inside) in self._votes.items():
            if voter == person or option != record.body["option"]:
                continue
            if voter not in counted:
                self._left(voter)
            elif self._steads[voter] == [voter]:
                self._is_in(voter, inside)

    def _left(self, voter: str) -> None:
        """Whoever the vote counted as is in none of the groups any more."""
        for person in self._steads.get(voter, [voter]):
            self._is_in(person, ())

    def _overrode(self, person: str) -> None:
        """Whoever breaks the glass was among those who may."""
        self._is_active(person, True)
        self._by_glass.append(person)
        for name in self._same_as(self._glass.group) if self._glass else ():
            self._groups[name].add(person)

    def _is_active(self, person: str, active: bool) -> None:
        if person in self._persons:
            self._persons[person] = replace(self._persons[person], active=active)

    def _is_in(self, person: str, groups: Iterable[str]) -> None:
        """Of the groups that were asked, the person is in these and in no other."""
        inside = set(groups)
        for asked in self._asked:
            if asked in inside and person in self._persons:
                for name in self._same_as(asked):
                    self._groups[name].add(person)
            else:
                self._is_out(person, asked)

    def _is_out(self, person: str, asked: str) -> None:
        """The person had left this one of the groups that were asked."""
        for name in self._same_as(asked):
            self._groups[name].discard(person)

    def _same_as(self, asked: str) -> list[str]:
        """Groups of the other policy that have the members an earlier group had."""
        if self._before is None or asked not in self._before.groups:
            return [asked] if asked in self._policy.groups else []
        was = self._before.groups[asked]
        return [
            name
            for name, group in self._policy.groups.items()
            if (group.members, group.slack_usergroup) == (was.members, was.slack_usergroup)
        ]

    def _place(self, policy: Policy, name: str) -> str:
        """What a group's members in Slack go by; its name where it has none there."""
        group = policy.groups.get(name)
        return group.slack_usergroup if group and group.slack_usergroup else f"group {name}"

    def _in_slack(
        self, members: Mapping[str, Sequence[str]], records: Sequence[Record]
    ) -> dict[str, set[str]]:
        """Members by user group, as recorded at the opening and at the decision."""
        policy, found = self._before or self._policy, dict[str, set[str]]()
        for name, inside in members.items():
            listed = policy.groups[name].members if name in policy.groups else ()
            found.setdefault(self._place(policy, name), set()).update(set(inside) - set(listed))
        for record in records:
            eligible = record.facts.get("eligible", {}) if record.kind == DECIDED else {}
            for person, groups in eligible.items():
                for name in groups:
                    found.setdefault(self._place(policy, name), set()).add(person)
        return {place: people for place, people in found.items() if not place.startswith("group ")}

    def _missing(self, members: Mapping[str, Sequence[str]]) -> list[tuple[str, str]]:
        """Groups and whom they list, with an account, and who could not decide for them."""
        if self._before is None:
            return []
        groups, people = self._before.groups, self._before.people
        return [
            (name, person)
            for name, inside in members.items()
            if name in groups
            for person in groups[name].members
            if person not in inside and person in people and people[person].accounts
        ]
