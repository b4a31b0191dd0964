"""Looks: the first thing an eligible person did with it."""

from tests.approvals.scene import Scene, kinds, why


def test_the_first_look_of_an_eligible_person_is_recorded() -> None:
    """Once, and nobody's version rises."""
    scene = Scene().open()
    version = scene.e.version
    assert kinds(scene.look("UANA")) == ["escalation:looked"]
    assert kinds(scene.look("UANA2")) == []
    assert ([look.person for look in scene.e.looks], scene.e.version) == (["ana"], version)


def test_a_vote_is_a_look() -> None:
    """The first thing someone did with it."""
    scene = Scene("other").open()
    scene.vote("UANA")
    assert kinds(scene.look("UANA")) == []
    assert [look.person for look in scene.e.looks] == ["ana"]


def test_other_looks_are_nobodys_business() -> None:
    """Strangers, those who may not decide, and everybody once it is over."""
    scene = Scene().open()
    for account in ("USTRANGER", "UCEM", "UREQ"):
        done = scene.look(account)
        assert (why(done), kinds(done)) == (None, [])
    scene.vote()
    assert kinds(scene.look("UANA")) == []
