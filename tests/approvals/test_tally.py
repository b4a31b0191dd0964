"""The tally: who may decide now, how each option stands, and what was shown of it."""

from approvals.policy.load import parse_policy
from approvals.tally import (
    Standing,
    counting,
    eligible,
    have_by_group,
    is_eligible,
    is_requester,
    may_override,
    required_groups,
    standing_now,
    standing_shown,
)
from tests.approvals.scene import Scene, glass


def test_whoever_is_in_a_required_group_may_decide_but_the_requester() -> None:
    """Now, not at the opening."""
    scene = Scene("architecture").open()
    assert required_groups(scene.e) == ("dba", "sec")
    assert eligible(scene.e, scene.people) == ("ana", "ben", "cem", "dee")
    scene.gone.add("dee")
    scene.left |= {("dba", "ben")}
    assert eligible(scene.e, scene.people) == ("ana", "cem")


def test_an_owner_left_out_instead_of_an_unknown_requester_is_the_requester() -> None:
    """With every account; others are not."""
    scene = Scene(requested_by={"id": "nobody", "slack": "UNOBODY"})
    scene.open(owners=("ben",))
    people = scene.people
    assert is_requester(scene.e, "UBEN", people.persons["ben"], people)
    assert is_requester(scene.e, "UNOBODY", None, people)
    assert not is_requester(scene.e, "UANA", people.persons["ana"], people)
    assert not is_requester(scene.e, "", None, people)


def test_a_requester_who_is_only_an_account_is_known_by_it() -> None:
    """Given as the id."""
    scene = Scene(requested_by={"id": "UGUEST"}).open()
    assert is_requester(scene.e, "UGUEST", None, scene.people)


def test_a_requester_who_joined_the_policy_later_never_counts() -> None:
    """Identity is looked at now, too."""
    scene = Scene(requested_by={"id": "late@example.com"}).open()
    assert eligible(scene.e, scene.people) == ("ana", "ben", "req")
    text = scene.policy.text
    address = 'accounts = ["UBEN"]\nemails = ["Late@Example.com"]'
    scene.policy = parse_policy(text.replace('accounts = ["UBEN"]', address))
    assert eligible(scene.e, scene.people) == ("ana", "req")


def test_nobody_asked_and_nobody_is_left_out() -> None:
    """A rule may say so; here nobody owns the service."""
    scene = Scene()
    scene.body.pop("requested_by")
    scene.open()
    assert not is_requester(scene.e, "UANA", scene.people.persons["ana"], scene.people)


def test_an_option_stands_by_facts_of_now_and_by_what_was_shown() -> None:
    """A decision rests on the first; cards tell the second, which the next recheck mends."""
    scene = Scene("other").open()
    scene.vote("UANA")
    option = scene.e.option("go")
    assert option is not None
    scene.gone.add("ana")
    now = standing_now(scene.e, option, scene.people)
    assert now == Standing(option="go", people=(), have=0, needed=2)
    assert not now.is_met
    shown = Standing(option="go", people=("ana",), have=1, needed=2)
    assert standing_shown(scene.e, option) == shown
    scene.recheck()
    assert standing_shown(scene.e, option).have == 0


def test_votes_are_counted_by_group_and_option() -> None:
    """Options without any are left out."""
    scene = Scene("architecture").open()
    scene.vote("UDEE", "go")
    scene.vote("UCEM", "slow")
    assert have_by_group(scene.e, "sec") == {"go": 1, "slow": 1}
    assert have_by_group(scene.e, "dba") == {}
    assert have_by_group(scene.e, "a group that nobody asked") == {}
    assert [v.person for v in counting(scene.e, "go")] == ["dee"]


def test_where_nobody_is_known_nobody_decides_and_no_vote_counts() -> None:
    """The groups are not known either."""
    scene = glass()
    scene.vote("UANA")
    option = scene.e.option("go")
    assert option is not None
    scene.nobody_known = True
    assert eligible(scene.e, scene.people) == may_override(scene.e, scene.people) == ()
    assert not is_eligible(scene.e, "ana", scene.people)
    assert standing_now(scene.e, option, scene.people).have == 0
