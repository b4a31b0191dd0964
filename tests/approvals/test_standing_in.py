"""Standing in: who decides in the stead of somebody who is away, and who never does."""

from collections.abc import Callable
from datetime import UTC, date, timedelta

import pytest

from approvals.people import Absence
from approvals.policy.load import parse_policy
from approvals.refusals import Why
from approvals.standing_in import (
    WhyNot,
    end_of,
    steads,
    stood_in_for_by,
    substitute_of,
    why_not,
)
from approvals.tally import eligible, have_by_group, is_eligible, standing_now, standing_shown
from approvals.verdict import Case
from approvals.words import Status
from tests.approvals.scene import Scene, case, kinds, why
from tests.approvals.world import POLICY

HOUR = timedelta(hours=1)


def away(scene: Scene, **pairs: str) -> None:
    """From now on, for an hour."""
    for person, substitute in pairs.items():
        scene.absences[person] = Absence(
            person=person, substitute=substitute, since=scene.now, until=scene.now + HOUR
        )


def have(scene: Scene, option: str = "go") -> tuple[int, int]:
    """How the option stands: now, and as shown."""
    found = scene.e.option(option)
    assert found is not None
    now = standing_now(scene.e, found, scene.people.at(scene.now))
    return now.have, standing_shown(scene.e, found).have


# -- who stands in ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pairs", "stands_in"),
    [
        ({}, None),
        ({"ben": "cem"}, "cem"),
        ({"ben": "cem", "cem": "dee"}, "dee"),
        ({"ben": "cem", "cem": "dee", "dee": "ana"}, "ana"),
        ({"ben": "cem", "cem": "dee", "dee": "ana", "ana": "req"}, None),
        ({"ben": "ben"}, None),
        ({"ben": "cem", "cem": "ben"}, None),
        ({"ben": "cem", "cem": "dee", "dee": "cem"}, None),
        ({"ben": "a stranger"}, None),
    ],
)
def test_absences_are_followed_three_times_and_never_in_a_ring(
    pairs: dict[str, str], stands_in: str | None
) -> None:
    """The last of them who is here."""
    scene = Scene()
    away(scene, **pairs)
    assert substitute_of("ben", scene.people) == stands_in


@pytest.mark.parametrize("category", ["deployment", "architecture"])
@pytest.mark.parametrize(
    "pairs", [{"ben": "cem"}, {"ben": "cem", "req": "dee", "cem": "ana"}, {"ana": "dee"}]
)
def test_one_is_eligible_who_is_among_the_eligible(category: str, pairs: dict[str, str]) -> None:
    """The short way says the same as the long one."""
    scene = Scene(category).open()
    away(scene, **pairs)
    people = scene.people
    among = {p for p in people.persons if is_eligible(scene.e, p, people)}
    assert among == set(eligible(scene.e, people))


def test_whoever_cannot_be_reached_stands_in_for_nobody() -> None:
    """Deactivated, or without an account."""
    scene = Scene()
    away(scene, ben="cem")
    scene.gone.add("cem")
    assert substitute_of("ben", scene.people) is None


def test_in_a_group_that_is_not_known_nobody_can_be_stood_in_for() -> None:
    """As where the policy of today no longer has it."""
    scene = Scene()
    away(scene, ben="cem")
    assert list(steads("cem", ["dba", "gone"], scene.people)) == [("dba", "ben")]


def test_one_person_may_stand_in_for_several() -> None:
    """And counts once."""
    scene = Scene("other").open()
    away(scene, ana="cem", ben="cem")
    assert stood_in_for_by("cem", scene.people) == ("ana", "ben")
    scene.vote("UCEM")
    assert have(scene) == (1, 1)


# -- deciding in somebody's stead ---------------------------------------------------------------


def test_a_substitute_decides_while_the_other_is_away_and_the_record_says_for_whom() -> None:
    """The facts name the person; the vote counts in the group."""
    scene = Scene().open()
    assert why(scene.vote("UCEM")) is Why.NOT_IN_GROUP
    away(scene, ben="cem")
    assert eligible(scene.e, scene.people) == ("ana", "ben", "cem")
    done = scene.vote("UCEM")
    assert scene.e.status is Status.APPROVED
    (cast,) = (r for r in done.records if r.kind == "vote:cast")
    assert cast.facts["for"] == "ben"
    assert (cast.body["groups"], cast.body["stead"]) == (["dba"], [["dba", "ben"]])
    assert scene.e.decision is not None
    assert scene.e.decision.people == ("cem",)


@pytest.mark.parametrize(
    ("seconds", "may"), [(-0.000001, False), (0, True), (3599.999999, True), (3600, False)]
)
def test_the_window_is_half_open(seconds: float, may: bool) -> None:
    """To the microsecond."""
    scene = Scene().open().pass_(60)
    away(scene, ben="cem")
    scene.pass_(seconds)
    assert (why(scene.vote("UCEM")) is None) == may


def test_a_member_acts_for_themselves() -> None:
    """Also when they stand in for another member."""
    scene = Scene("other").open()
    away(scene, ben="ana")
    done = scene.vote("UANA")
    assert "for" not in done.records[0].facts
    assert have(scene) == (1, 1)


def test_whoever_is_away_may_still_decide_and_both_never_count_as_two() -> None:
    """Whoever is first."""
    for first, second in (("UBEN", "UCEM"), ("UCEM", "UBEN")):
        scene = Scene("other").open()
        away(scene, ben="cem")
        scene.vote(first)
        scene.vote(second)
        assert have(scene) == (1, 1)
        assert have_by_group(scene.e, "dba") == {"go": 1}
        assert scene.e.status is Status.PENDING
        scene.vote("UANA")
        assert scene.e.status is Status.APPROVED


@pytest.mark.parametrize("voters", [("UANA", "UCEM"), ("UCEM", "UANA")])
def test_a_substitute_counts_beside_another_member(voters: tuple[str, str]) -> None:
    """Two people in all."""
    scene = Scene("other").open()
    away(scene, ben="cem")
    for voter in voters:
        scene.vote(voter)
    assert have(scene) == (2, 2)
    assert scene.e.status is Status.APPROVED


def test_the_own_vote_of_who_is_away_comes_first_whatever_it_is_for() -> None:
    """It is their seat."""
    scene = Scene("other").open()
    away(scene, ben="cem")
    scene.vote("UCEM", "go")
    scene.vote("UBEN", "slow")
    assert (have(scene, "go"), have(scene, "slow")) == ((0, 0), (1, 1))


def test_two_substitutes_one_after_the_other_fill_one_seat() -> None:
    """Named anew after the first had voted."""
    scene = Scene("other").open()
    away(scene, ben="cem")
    scene.vote("UCEM")
    away(scene, ben="dee")
    scene.vote("UDEE")
    assert have(scene) == (1, 1)
    assert scene.e.status is Status.PENDING


def test_a_member_of_one_group_may_fill_the_seat_of_another_in_somebodys_stead() -> None:
    """Still one person, on one seat."""
    scene = Scene("architecture").open()
    away(scene, ben="dee")
    scene.vote("UDEE")
    assert have(scene) == (1, 1)
    scene.vote("UCEM")
    assert scene.e.status is Status.APPROVED


def test_a_group_may_admit_no_substitutes() -> None:
    """Only members decide for it."""
    scene = Scene(policy=POLICY.replace("substitutes = true", "")).open()
    away(scene, ben="cem")
    assert eligible(scene.e, scene.people) == ("ana", "ben")
    assert why(scene.vote("UCEM")) is Why.NOT_IN_GROUP


# -- who never decides --------------------------------------------------------------------------


def test_standing_in_makes_no_requester_an_approver() -> None:
    """Not with another account, and not as the last of a chain."""
    scene = Scene().open()
    away(scene, ben="cem", cem="req")
    for account in ("UREQ", "UREQ2"):
        assert why(scene.vote(account)) is Why.REQUESTER
    assert "req" not in eligible(scene.e, scene.people)


def test_a_requester_of_another_group_gets_in_by_no_absence() -> None:
    """Who asks is not asked."""
    scene = Scene(requested_by={"id": "dee"}).open()
    away(scene, ben="dee")
    assert why(scene.vote("UDEE")) is Why.REQUESTER
    assert eligible(scene.e, scene.people) == ("ana", "ben", "req")
    assert not is_eligible(scene.e, "dee", scene.people)


def test_nobody_decides_in_the_stead_of_the_requester() -> None:
    """Who may not decide has nothing to lend."""
    scene = Scene().open()
    away(scene, req="cem")
    assert why(scene.vote("UCEM")) is Why.NOT_IN_GROUP
    assert eligible(scene.e, scene.people) == ("ana", "ben")


@pytest.mark.parametrize("how", ["gone", "left"])
def test_nobody_decides_in_the_stead_of_a_member_no_longer(how: str) -> None:
    """Deactivated, or out of the group."""
    scene = Scene().open()
    away(scene, ben="cem")
    scene.gone |= {"ben"} if how == "gone" else set()
    scene.left |= {("dba", "ben")} if how == "left" else set()
    assert why(scene.vote("UCEM")) is Why.NOT_IN_GROUP


# -- afterwards ---------------------------------------------------------------------------------


def test_a_vote_counts_on_when_the_absence_is_over() -> None:
    """It was given while it covered; the substitute may cast no other."""
    scene = Scene("other").open()
    away(scene, ben="cem")
    scene.vote("UCEM")
    scene.pass_(3600)
    scene.absences.clear()
    scene.recheck()
    assert have(scene) == (1, 1)
    assert why(scene.vote("UCEM", "slow")) is Why.NOT_IN_GROUP


def test_a_vote_falls_with_the_membership_it_stands_for() -> None:
    """The thread says whose."""
    scene = Scene("other").open()
    away(scene, ben="cem")
    scene.vote("UCEM")
    scene.left.add(("dba", "ben"))
    done = scene.recheck()
    assert done.records[0].body["why"] == "stood in for Ben, who left dba"
    assert have(scene) == (0, 0)


def known_to_have_asked(scene: Scene) -> None:
    """The policy says so only after the vote."""
    address = 'emails = ["req@example.com"]'
    text = POLICY.replace(address, "")
    text = text.replace('accounts = ["UCEM"]', f'accounts = ["UCEM"]\n{address}')
    scene.policy = parse_policy(text)


def nobody_is_known(scene: Scene) -> None:
    scene.nobody_known = True


@pytest.mark.parametrize(
    "what",
    [
        lambda scene: scene.gone.add("cem"),
        lambda scene: scene.gone.add("ben"),
        lambda scene: scene.left.add(("dba", "ben")),
        known_to_have_asked,
        nobody_is_known,
    ],
)
def test_a_vote_in_somebodys_stead_counts_by_facts_of_now(what: Callable[[Scene], None]) -> None:
    """Both have to be there still, before anybody has looked who is gone; cards show it as cast."""
    scene = Scene("other").open()
    away(scene, ben="cem")
    scene.vote("UCEM")
    assert have(scene) == (1, 1)
    what(scene)
    assert have(scene) == (0, 1)


def test_an_approval_falls_with_the_substitute() -> None:
    """Nothing runs on the yes of somebody who left the company."""
    scene = Scene().open()
    away(scene, ben="cem")
    scene.vote("UCEM")
    scene.gone.add("cem")
    assert why(scene.claim()) is Why.APPROVAL_VOID
    assert scene.e.stopped is not None


def test_a_substitute_may_stop_what_was_approved() -> None:
    """And the record says for whom."""
    scene = Scene().approved()
    away(scene, ben="cem")
    done = scene.stop("UCEM")
    assert kinds(done) == ["operation:stopped"]
    assert done.records[0].facts["for"] == "ben"
    assert case(done) is Case.STOPPED


def test_for_two_people_away_the_record_names_both() -> None:
    """One vote all the same."""
    scene = Scene("other").open()
    away(scene, ana="cem", ben="cem")
    assert scene.vote("UCEM").records[0].facts["for"] == ["ana", "ben"]


# -- naming somebody ----------------------------------------------------------------------------


def an_absence(scene: Scene, substitute: str = "cem", hours: float = 1) -> Absence:
    """Ben is away from now on."""
    return Absence(
        person="ben", substitute=substitute, since=scene.now, until=scene.now + hours * HOUR
    )


@pytest.mark.parametrize(
    ("substitute", "hours", "found"),
    [
        ("cem", 1, None),
        ("cem", 60 * 24, None),
        ("cem", 60 * 24 + 0.001, WhyNot.TOO_LONG),
        ("cem", 0, WhyNot.OVER),
        ("cem", -1, WhyNot.OVER),
        ("ben", 1, WhyNot.SELF),
        ("a stranger", 1, WhyNot.STRANGER),
        ("", 1, WhyNot.STRANGER),
        ("dee", 1, WhyNot.UNREACHABLE),
        ("ana", 1, WhyNot.RING),
        ("req", 1, None),
    ],
)
def test_only_an_absence_that_leaves_somebody_is_taken(
    substitute: str, hours: float, found: WhyNot | None
) -> None:
    """Dee is deactivated; ana is away, and named ben; req is away, and named cem."""
    scene = Scene()
    scene.gone.add("dee")
    away(scene, ana="ben", req="cem")
    absence = an_absence(scene, substitute, hours)
    assert why_not(absence, scene.people, scene.now) == found


@pytest.mark.parametrize(
    ("day", "zone", "ends"),
    [
        (date(2026, 11, 12), "UTC", "2026-11-13T00:00:00+00:00"),
        (date(2026, 11, 12), "Europe/Berlin", "2026-11-12T23:00:00+00:00"),
        (date(2026, 10, 25), "Europe/Berlin", "2026-10-25T23:00:00+00:00"),
        (date(2026, 3, 29), "Europe/Berlin", "2026-03-29T22:00:00+00:00"),
        (date(2026, 12, 31), "America/New_York", "2027-01-01T05:00:00+00:00"),
    ],
)
def test_a_day_ends_where_the_person_lives(day: date, zone: str, ends: str) -> None:
    """Also when the clocks change that day, and wherever the server is."""
    ended = end_of(day, zone)
    assert ended.isoformat() == ends
    assert ended.tzinfo is UTC
