"""What happened, as whoever reads it afterwards asks for it."""

from dataclasses import replace

from approvals.memory.timeline import Happened, timeline
from tests.approvals.scene import Scene, glass, incident
from tests.approvals.stories import STORIES


def told(scene: Scene) -> list[str]:
    """Each in a line."""
    return [f"{one.by} {one.words}{f': {one.quote}' if one.quote else ''}" for one in _of(scene)]


def _of(scene: Scene) -> tuple[Happened, ...]:
    return timeline(scene.records)


def test_a_failure_is_told_from_the_question_to_the_review() -> None:
    """Looks and reminders are left out."""
    assert told(STORIES["learned_from"]()) == [
        "service:svc asked",
        "person:ben chose go: it is tested",
        "person:ben decided approved by votes: go",
        "service:svc started",
        "clock reported unknown",
        "service:svc reported failed",
        "andon wrote the issue, open",
        "andon opened a review (failed) for ben",
        "person:ben wrote the issue, known: ran it by hand",
        "person:ben handed the review to ana",
        "person:ana wrote the review: a lock",
    ]


def test_what_people_said_is_quoted() -> None:
    scene = incident().open()
    scene.ask("since when?")
    scene.answer("since ten", "UREQ")
    scene.resolve("UANA")
    assert told(scene)[1:] == [
        "person:ben asked a question: since when?",
        "person:req answered: since ten",
        "person:ana resolved it: a full disk",
    ]
    broken = glass()
    broken.break_glass("UCEM")
    broken.break_glass("UDEE")
    assert "person:cem overrode the policy for go: the shop is down" in told(broken)
    assert told(STORIES["chained_to_the_end"]())[1].startswith("clock called stage 2 of")


def test_nobody_may_own_a_review() -> None:
    scene = Scene(requested_by={"id": "new"})
    scene.plan |= {"steps": (), "owners": (), "members": {}}
    scene.open()
    scene.now = scene.e.deadline_at
    scene.tick()
    assert told(scene)[-1] == "andon opened a review (expired) for nobody"


def test_of_what_is_erased_only_that_it_was_is_said() -> None:
    scene = STORIES["learned_from"]()
    gone = [replace(record, text="", body={}) for record in scene.records]
    assert [one.words for one in timeline(gone)][:2] == ["escalation:opened", "vote:cast"]
