"""A reason given after one tap: its own record, for ten minutes."""

import pytest

from approvals.decide.vote import LONGEST_REASON
from approvals.refusals import Why
from approvals.verdict import Case
from tests.approvals.scene import Scene, case, why


def test_who_voted_may_say_why_for_ten_minutes() -> None:
    """Its own record; the vote stays as it was."""
    scene = Scene().approved()
    vote = scene.e.votes
    assert case(scene.pass_(600).reason(" tested on staging ")) is Case.REASON_ADDED
    assert [(r.person, r.text) for r in scene.e.reasons] == [("ben", "tested on staging")]
    assert scene.e.votes == vote
    assert why(scene.pass_(1).reason("later")) is Why.TOO_LATE


def test_who_gives_no_reason_of_their_own_hears_what_they_tried() -> None:
    """The answer is about a reason, not about a vote."""
    refused = Scene().approved().reason("because", "UANA").refusal
    assert refused is not None
    assert refused.values["verb"] == "reason"


def test_a_reason_comes_from_who_voted() -> None:
    """Not from a stranger, a guest or somebody else."""
    scene = Scene().approved()
    for account in ("UANA", "USTRANGER"):
        assert why(scene.reason("because", account)) is Why.NOT_YOUR_VOTE
    assert why(scene.reason("because", foreign=True)) is Why.NOT_YOUR_VOTE


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        ("  ", Why.REASON_NEEDED),
        ("ok", Why.REASON_NEEDED),
        ("x" * LONGEST_REASON, None),
        ("x" * (LONGEST_REASON + 1), Why.REASON_TOO_LONG),
    ],
)
def test_a_reason_has_three_to_a_thousand_characters(text: str, refused: Why | None) -> None:
    """As in the modal."""
    done = Scene().approved().reason(text)
    assert why(done) is refused
    if refused is Why.REASON_TOO_LONG:
        assert done.refusal is not None
        assert (done.refusal.values["length"], done.refusal.values["most"]) == (1001, 1000)
