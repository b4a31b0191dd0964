"""What is owed after each record: to whom a card, a line, a message, a wake-up."""

from collections.abc import Iterable

import pytest

from approvals.evolve import evolve
from approvals.owes import (
    AnswerClick,
    Callback,
    Direct,
    PostCard,
    SignGrant,
    ThreadLine,
    Work,
    owes,
)
from tests.approvals.scene import AFTERWARDS, Scene
from tests.approvals.stories import STORIES, claimed, pending
from tests.approvals.world import POLICY

IN_CHANNEL = POLICY.replace('name = "one"', 'name = "one"\nchannel = "ops"') + (
    '\n[channels.ops]\nid = "COPS"\n'
)


def briefly(work: Iterable[Work]) -> list[str]:
    """Each piece in a word or two."""
    said = []
    for piece in work:
        match piece:
            case PostCard():
                said.append(f"card {piece.surface} {piece.target}")
            case ThreadLine():
                said.append(f"line {piece.case}")
            case Direct():
                said.append(f"tell {piece.to} {piece.case}")
            case Callback():
                said.append(f"wake {piece.type}")
            case SignGrant():
                said.append(f"sign {piece.grant_id}")
            case AnswerClick():
                said.append(f"answer {piece.case}")
    return said


_BESIDE = {"refusal:recorded", *AFTERWARDS}


def after(name: str) -> list[str]:
    """What the last loud record of a story owes; what follows an end is told in `memory`."""
    scene = STORIES[name]()
    last = next(r for r in reversed(scene.records) if r.kind not in _BESIDE)
    return briefly(owes(scene.e, last))


@pytest.mark.parametrize(
    ("story", "owed"),
    [
        ("pending", ["card direct ana", "card direct ben"]),
        ("looked_and_refused", []),
        ("half_agreed", ["line voided"]),
        (
            "approved",
            [
                "line decided-approved",
                "tell person:req decided-approved",
                "wake escalation.approved",
            ],
        ),
        ("claimed", ["line started", "tell person:req started", "sign gnt_c1"]),
        ("succeeded", ["line reported-succeeded", "tell person:req reported-succeeded"]),
        (
            "unknown_then_failed",
            [
                "line reported-failed",
                "tell person:ben reported-failed",
                "tell person:req reported-failed",
            ],
        ),
        (
            "rejected",
            [
                "line decided-rejected",
                "tell person:req decided-rejected",
                "wake escalation.rejected",
            ],
        ),
        (
            "expired",
            [
                "line decided-expired",
                "tell person:ana decided-expired",
                "tell person:ben decided-expired",
                "tell person:req decided-expired",
                "wake escalation.expired",
            ],
        ),
        ("withdrawn", ["line decided-withdrawn", "wake escalation.withdrawn"]),
        (
            "stopped",
            [
                "line stopped",
                "tell person:ben stopped",
                "tell person:req stopped",
                "wake escalation.stopped",
            ],
        ),
        (
            "void",
            [
                "line void",
                "tell person:ben void",
                "tell person:req void",
                "wake escalation.stopped",
            ],
        ),
        (
            "lapsed",
            [
                "line lapsed",
                "tell person:ben lapsed",
                "tell person:req lapsed",
                "wake escalation.lapsed",
            ],
        ),
    ],
)
def test_each_turn_is_told_to_those_it_concerns(story: str, owed: list[str]) -> None:
    """A success to the requester alone; what went wrong to the deciders too."""
    assert after(story) == owed


def test_a_card_goes_to_the_channel_and_to_each_who_may_decide() -> None:
    """Never to the requester: they cannot."""
    done = Scene(policy=IN_CHANNEL).try_to_open()
    assert briefly(done.work) == ["card channel COPS", "card direct ana", "card direct ben"]


def test_after_the_first_of_two_the_others_are_told() -> None:
    """And the one who asked; the one who voted gets the answer."""
    done = Scene("other").open().vote("UANA")
    assert briefly(done.work) == [
        "line voted",
        "tell person:ben one-more",
        "tell person:req voted",
        "answer counted",
    ]


def test_after_the_last_nobody_is_asked_any_more() -> None:
    """The decision follows."""
    done = Scene().open().vote()
    assert briefly(done.work) == [
        "line voted",
        "line decided-approved",
        "tell person:req decided-approved",
        "answer decided",
    ]


def test_an_abort_asks_nobody_for_more() -> None:
    """One is enough."""
    done = Scene("other").open().vote(option="no")
    assert briefly(done.work) == [
        "line voted",
        "line decided-rejected",
        "tell person:req decided-rejected",
        "answer aborted",
    ]


def test_a_requester_known_by_account_alone_is_told_there() -> None:
    """And one known by nothing is not told."""
    scene = Scene(requested_by={"id": "new", "slack": "UNEW"}).open()
    assert "tell account:UNEW decided-rejected" in briefly(scene.vote(option="no").work)
    nobody = Scene(requested_by={"id": "new"}).open()
    assert briefly(nobody.vote(option="no").work) == [
        "line voted",
        "line decided-rejected",
        "answer aborted",
    ]


def test_where_nobody_was_named_nobody_is_told() -> None:
    """The service itself hears by its own call."""
    scene = Scene()
    scene.body.pop("requested_by")
    scene.open(owners=("req",))
    assert briefly(scene.withdraw().work) == ["line decided-withdrawn"]
    scene = Scene()
    scene.body.pop("requested_by")
    scene.open(owners=("req",))
    assert "tell person:req decided-rejected" not in briefly(scene.vote(option="no").work)


def test_without_an_address_nobody_is_woken() -> None:
    """The service polls."""
    scene = Scene().approved()
    assert "wake escalation.approved" not in briefly(owes(scene.e, scene.records[-1]))


def test_a_wake_up_says_where_to_look_and_no_more() -> None:
    """It is never the authority; its head is the decision's, frozen."""
    scene = pending()
    done = scene.vote(option="no")
    (wake,) = (work for work in done.work if isinstance(work, Callback))
    assert scene.e.decision is not None
    assert (wake.status, wake.version, wake.head) == (
        "rejected",
        scene.e.version,
        scene.e.decision.head,
    )
    assert wake.at == "2026-11-12T21:00:00.000000Z"


def test_a_grant_is_owed_in_the_step_of_its_claim() -> None:
    """With everything it will say."""
    scene = claimed()
    (sign,) = (w for w in owes(scene.e, scene.records[-1]) if isinstance(w, SignGrant))
    assert (sign.claims["digest"], sign.claims["nonce"]) == (scene.e.digest, "c1")


@pytest.mark.parametrize("name", STORIES)
def test_every_message_says_why_it_is_sent(name: str) -> None:
    """So that nobody has to guess, and noise can be traced to its rule."""
    scene = STORIES[name]()
    folded = None
    for record in scene.records:
        folded = evolve(folded, record)
        directs = [w for w in owes(folded, record) if isinstance(w, Direct)]
        assert all(direct.reason for direct in directs), record.kind


@pytest.mark.parametrize("name", STORIES)
def test_nobody_is_told_twice_of_one_thing(name: str) -> None:
    """Nor of their own doing."""
    scene = STORIES[name]()
    folded = None
    for record in scene.records:
        folded = evolve(folded, record)
        told = [w.to for w in owes(folded, record) if isinstance(w, Direct)]
        assert len(told) == len(set(told)), record.kind


def test_what_was_opened_before_there_were_chains_is_told_as_ever() -> None:
    """A card for the channel and for each who may decide; at the end, a message to them."""
    scene = Scene()
    scene.plan |= {"steps": (), "channel": "COPS"}
    opened = scene.try_to_open()
    scene.now = scene.e.deadline_at
    assert briefly(opened.work) == ["card channel COPS", "card direct ana", "card direct ben"]
    assert briefly(scene.tick().work) == [
        "line decided-expired",
        "tell person:ana decided-expired",
        "tell person:ben decided-expired",
        "tell person:req decided-expired",
        "line review-opened",
    ]
