"""The rules of asking, without any I/O."""

import json
from typing import Any

import pytest
from andon import RefusedRequestError, UnavailableError
from andon.flow import asking
from andon.flow.persisting import Patience
from andon.flow.steps import Answer, Lost
from andon.models import Escalation

from tests.client.scripted import TOLD, Played, problem, raw, said, told

HTML = raw(200, b"<html>maintenance</html>", content_type="text/html")


def patience(most_s: float = 60.0) -> Patience:
    """Draws the longest pause each time."""
    return Patience(most_s, lambda: 1.0)


NOT_ANDON = {
    "nothing listens": Lost(why="Connection refused"),
    "the name is unknown": Lost(why="Name or service not known"),
    "the connection breaks": Lost(why="reset by peer"),
    "500": problem(500),
    "502 of a proxy": raw(502, b"<html>bad gateway</html>", content_type="text/html"),
    "503": problem(503, "people-unknown"),
    "429": problem(429),
    "404 of a proxy": raw(404, b"not found", content_type="text/plain"),
    "200 with HTML": HTML,
    "200 with HTML that says it is JSON": raw(200, b"<html>", content_type="application/json"),
    "half a document": raw(200, json.dumps(TOLD).encode()[:50], content_type="application/json"),
    "a list": said(200, []),
    "204": raw(204),
    "no content type": raw(200, json.dumps(TOLD).encode()),
}


@pytest.mark.parametrize("came", NOT_ANDON.values(), ids=NOT_ANDON.keys())
def test_what_may_pass_is_asked_again(came: Answer | Lost) -> None:
    """Whatever it was, the answer after it counts."""
    played = Played(came, came, told())
    assert played.run(asking.get("esc_1", patience())).id == "esc_1"
    assert (len(played.calls), played.pauses) == (3, [0.25, 0.5])


@pytest.mark.parametrize("came", NOT_ANDON.values(), ids=NOT_ANDON.keys())
def test_patience_ends(came: Answer | Lost) -> None:
    """And then Andon is unavailable: nothing runs, asking again may help."""
    played = Played(came)
    with pytest.raises(UnavailableError) as raised:
        played.run(asking.get("esc_1", patience(10)))
    assert (raised.value.id, raised.value.retry) == ("esc_1", True)
    assert sum(played.pauses) <= 10


def test_pauses_are_drawn_from_nothing_to_the_longest() -> None:
    """Full jitter, doubled up to eight seconds."""
    played = Played(Lost(why="x"))
    with pytest.raises(UnavailableError):
        played.run(asking.get("esc_1", Patience(40, lambda: 0.5)))
    assert played.pauses == [
        0.125,
        0.25,
        0.5,
        1.0,
        2.0,
        4.0,
        4.0,
        4.0,
        4.0,
        4.0,
        4.0,
        4.0,
        4.0,
        4.0,
    ]


@pytest.mark.parametrize("after", ["7", "Thu, 12 Nov 2099 21:30:00 GMT"])
def test_retry_after_is_kept_to(after: str) -> None:
    """As long as patience goes; a date far away is beyond it."""
    played = Played(problem(429, retry_after=after), told())
    if after == "7":
        played.run(asking.get("esc_1", patience()))
        assert played.pauses == [7.25]
    else:
        with pytest.raises(UnavailableError):
            played.run(asking.get("esc_1", patience()))


@pytest.mark.parametrize("after", ["", "soon", "-1", "7.5", "٧"])
def test_a_retry_after_that_makes_no_sense_is_passed_over(after: str) -> None:
    """Not an error of its own."""
    played = Played(problem(503, retry_after=after), told())
    played.run(asking.get("esc_1", patience()))
    assert played.pauses == [0.25]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(status: int) -> None:
    """The key would go to whoever it names."""
    played = Played(raw(status, location="https://elsewhere.example.com"), told())
    with pytest.raises(UnavailableError, match="redirects"):
        played.run(asking.get("esc_1", patience()))
    assert len(played.calls) == 1


def test_a_wrong_certificate_is_final() -> None:
    """The next time it would be the same."""
    played = Played(Lost(why="certificate verify failed", is_final=True), told())
    with pytest.raises(UnavailableError, match="certificate"):
        played.run(asking.get("esc_1", patience()))
    assert played.pauses == []


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 413, 415, 422])
def test_a_refusal_is_told_at_once(status: int) -> None:
    """With what the server says to do."""
    played = Played(problem(status, "odd"))
    with pytest.raises(RefusedRequestError, match="Mend it") as raised:
        played.run(asking.get("esc_1", patience()))
    assert (raised.value.problem.status, raised.value.problem.name) == (status, "odd")
    assert not raised.value.retry


def test_fields_that_are_wrong_are_named() -> None:
    """By pointer."""
    body = {
        "type": "/problems/unprocessable",
        "title": "no",
        "detail": "Mend what `errors` names.",
        "errors": [{"pointer": "/title", "detail": "It is too long."}],
    }
    with pytest.raises(RefusedRequestError, match="/title: It is too long"):
        Played(said(422, body)).run(asking.open_({"title": "x"}, patience()))


def test_another_escalation_in_the_answer_is_refused() -> None:
    """A grant for it would be for something else."""
    with pytest.raises(UnavailableError, match="it told of esc_2"):
        Played(told(id="esc_2")).run(asking.get("esc_1", patience()))


@pytest.mark.parametrize("changes", [{"status": 1}, {"version": "x"}, {"created_at": "today"}])
def test_an_answer_that_makes_no_sense_is_refused(changes: dict[str, Any]) -> None:
    """It says where."""
    with pytest.raises(UnavailableError, match="no sense at /"):
        Played(told(**changes)).run(asking.get("esc_1", patience()))


def test_what_a_newer_server_adds_is_passed_over() -> None:
    """New fields, new words."""
    found = Played(told(colour="red", status="paused")).run(asking.get("esc_1", patience()))
    assert (found.status, found.is_decided) == ("paused", False)


def test_every_try_of_an_open_has_the_same_key() -> None:
    """So that a lost answer opens nothing twice."""
    played = Played(Lost(why="x"), problem(500), told(201))
    played.run(asking.open_({"title": "x"}, patience()))
    assert len({call.headers["Idempotency-Key"] for call in played.calls}) == 1
    assert len({call.body for call in played.calls}) == 1


@pytest.mark.parametrize("key", ["", "two words", "line\nend", "é", "x" * 256])
def test_a_key_that_no_header_can_carry_is_refused(key: str) -> None:
    """Before anything is sent."""
    played = Played(told())
    with pytest.raises(ValueError, match="visible ASCII"):
        played.run(asking.open_({"title": "x"}, patience(), key))
    assert played.calls == []


def test_waiting_parks_until_the_version_changes() -> None:
    """And ends with the decision."""
    played = Played(told(), raw(304), told(version=2), told(version=3, status="approved"))
    found = played.run(asking.wait("esc_1", patience()))
    assert found.status == "approved"
    sent = [call.headers for call in played.calls]
    assert sent[1:] == [
        {"Prefer": "wait=30", "If-None-Match": '"1"'},
        {"Prefer": "wait=30", "If-None-Match": '"1"'},
        {"Prefer": "wait=30", "If-None-Match": '"2"'},
    ]


@pytest.mark.parametrize("same", [raw(304), told()])
def test_where_nothing_is_parked_it_is_asked_for_once_a_second(same: Answer) -> None:
    """Something on the way keeps the server from hearing of it."""
    played = Played(told(), same, same, told(version=2, status="approved"))
    assert played.run(asking.wait("esc_1", patience())).status == "approved"
    assert played.pauses == [1.0, 1.0]


def test_a_parked_answer_without_news_is_asked_for_again_at_once() -> None:
    parked = Answer(status=304, took_s=30.0)
    played = Played(told(), parked, told(version=2, status="approved"))
    played.run(asking.wait("esc_1", patience()))
    assert played.pauses == []


def test_a_restart_while_waiting_is_waited_out() -> None:
    """Each good answer starts patience anew; a parked request spends none of it."""
    away = [Lost(why="refused"), problem(503)]
    parked = Answer(status=304, took_s=30.0)
    played = Played(told(), *away, parked, *away, parked, *away, told(version=2, status="rejected"))
    assert played.run(asking.wait("esc_1", patience(2))).status == "rejected"


def test_a_parked_request_that_breaks_spends_no_patience_for_being_parked() -> None:
    """A proxy that cuts after half a minute is waited out with little of it."""
    played = Played(told(), Lost(why="reset", took_s=29.0), told(version=2, status="approved"))
    assert played.run(asking.wait("esc_1", patience(1))).status == "approved"


def test_who_waits_is_told_each_change_once() -> None:
    """Progress too, which wakes no parked request."""
    seen: list[Any] = []
    played = Played(
        told(),
        raw(304),
        told(progress={"looked_at": "2026-11-12T21:31:00Z"}),
        raw(304),
        told(progress={"looked_at": "2026-11-12T21:31:00Z"}),
        told(version=2, status="approved"),
    )

    def change(found: Escalation) -> None:
        seen.append((found.version, found.progress.looked_at is not None))

    played.run(asking.wait("esc_1", patience(), on_change=change))
    assert seen == [(1, False), (1, True), (2, False)]


def test_waiting_ends_when_its_time_is_over() -> None:
    """With the escalation as it stands."""
    played = Played(told(), Answer(status=304, took_s=5.0))
    assert played.run(asking.wait("esc_1", patience(), timeout_s=12)).status == "pending"
    assert [c.headers.get("Prefer") for c in played.calls[1:]] == ["wait=12", "wait=7", "wait=2"]


@pytest.mark.parametrize(
    ("status", "state", "is_over"),
    [
        ("approved", "held", False),
        ("approved", "released", False),
        ("approved", "succeeded", True),
        ("approved", "lapsed", True),
        ("rejected", "aborted", True),
    ],
)
def test_ended_is_more_than_decided(status: str, state: str, is_over: bool) -> None:
    """Until the outcome."""
    found = Escalation.model_validate(
        {**TOLD, "status": status, "operation": {"name": "x", "state": state}}
    )
    assert (found.is_decided, found.is_ended) == (True, is_over)


def test_a_list_never_leaves_the_server() -> None:
    """Whatever host its link names."""
    link = '<https://elsewhere.example.com/v1/escalations?cursor=2>; rel="next"'
    page = Played(said(200, {"items": [TOLD]}, link=link)).run(
        asking.page(asking.list_path({"status": "pending", "q": None}), patience())
    )
    assert page.next_path == "/v1/escalations?cursor=2"


def test_an_id_cannot_leave_its_place() -> None:
    """It is one part of the path."""
    played = Played(told(id="../x?y"))
    played.run(asking.get("../x?y", patience()))
    assert played.calls[0].path == "/v1/escalations/..%2Fx%3Fy"


def test_what_is_told_besides_is_mended_and_hidden() -> None:
    """Odd characters and secrets stand in no way, and stay here."""
    played = Played(told())
    told_ = {"user_impact": "a\x00b\ud800", "configuration": {"password": "hunter2!", "n": 2**60}}
    played.run(asking.context("esc_1", told_, patience()))
    sent = json.loads(played.calls[0].body or b"")
    assert sent["user_impact"] == "a�b?"
    assert sent["configuration"]["n"] == str(2**60)
    assert "hunter2!" not in json.dumps(sent)
