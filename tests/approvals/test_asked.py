"""What an opening event keeps of its request, so that another policy can be asked again."""

from dataclasses import replace
from typing import Any

from approvals.asked import asked, asked_again
from tests.approvals.scene import GO, NO, SLOW, Scene


def opened(**body: Any) -> Scene:
    """What is to be asked again."""
    return Scene(**body).open()


def test_the_request_is_read_back_as_it_was_asked() -> None:
    """With what the caller called irreversible, and who owned the service."""
    options = [{**GO, "irreversible": True}, SLOW, NO]
    scene = opened(options=options)
    found = asked_again(scene.records[0])
    assert found is not None
    again, sums = found
    for name in ("category", "title", "environment"):
        assert again.request[name] == scene.body[name]
    assert again.request["operation"] == scene.body["operation"] | {"redacted": []}
    assert again.request["options"] == options
    assert (again.escalation_id, again.digest, sums) == (scene.e.id, scene.e.digest, ())
    assert (again.service, again.group_id) == (scene.e.service, scene.e.group_id)


def test_the_sums_a_transfer_was_judged_by_are_kept() -> None:
    """By key, in minor units; nothing where nothing was moved."""
    found = asked_again(opened().records[0])
    assert found is not None
    assert asked(found[0], (("EUR beneficiary x", 12),))["sums"] == {"EUR beneficiary x": 12}
    assert "sums" not in asked(found[0], ())


def test_an_erased_or_older_event_says_nothing_of_what_was_asked() -> None:
    """Its body is gone, or it was written before requests were kept."""
    record = opened().records[0]
    assert asked_again(replace(record, body={})) is None
    assert asked_again(replace(record, facts={})) is None
