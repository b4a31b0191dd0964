"""Questions without a command, incidents, cries for help."""

import json
from pathlib import Path

import pytest
from andon import Option, RejectedError, aalert, aask, aescalate, alert, ask, escalate
from andon.testing import FakeAndon

from tests.client.faked import aclient_of, client_of, last
from tests.client.serving import Served

QUESTION = "Which schema is meant: the old one or the new one?"
WORDS = ["The old one", "The new one"]


def test_a_question_is_answered_by_people(tmp_path: Path) -> None:
    """With their choice, their reason and their names."""
    fake = FakeAndon()
    fake.say("approve", option="the-new-one", reason="as agreed on Monday", by="ravi")
    answer = ask(QUESTION, WORDS, client=client_of(fake, tmp_path))
    assert (answer.option, answer.label, answer.why, answer.who) == (
        "the-new-one",
        "The new one",
        "as agreed on Monday",
        ("ravi",),
    )
    assert last(fake)["category"] == "decision"
    assert last(fake)["outcome"]["result"] == "succeeded"


async def test_a_question_is_answered_awaited(tmp_path: Path) -> None:
    """The twin."""
    fake = FakeAndon()
    async with aclient_of(fake, tmp_path) as client:
        answer = await aask(QUESTION, WORDS, client=client)
    assert answer.option == "the-old-one"


def test_none_of_these_is_always_offered(tmp_path: Path) -> None:
    """And raises, with the reason."""
    fake = FakeAndon()
    fake.say("reject", reason="ask the customer first")
    with pytest.raises(RejectedError, match="ask the customer first"):
        ask(QUESTION, WORDS, client=client_of(fake, tmp_path))
    assert [o["key"] for o in last(fake)["options"]] == ["the-old-one", "the-new-one", "none"]


def test_labels_that_look_alike_get_keys_of_their_own(tmp_path: Path) -> None:
    """Also those without any letter."""
    fake = FakeAndon()
    options = ["Yes!", "yes?", "…", "None", Option("later", "Later", effect="abort")]
    ask("Well?", options, client=client_of(fake, tmp_path))
    keys = [o["key"] for o in last(fake)["options"]]
    assert keys == ["yes", "yes-2", "option", "none-2", "later"]


def test_a_long_question_is_whole_in_the_summary(tmp_path: Path) -> None:
    """A title has 150 characters."""
    fake = FakeAndon()
    ask("why " * 100, WORDS, client=client_of(fake, tmp_path))
    assert len(last(fake)["title"]) == 150
    assert last(fake)["summary"] == "why " * 100


def test_a_question_is_answered_by_the_real_server(served: Served) -> None:
    """With its rules about options and arguments."""
    from andon import Client

    with Client(served.url, served.key, state=served.folder, clock=served.clock) as client:
        voting = served.when_asked(lambda id_: served.approve(id_, "the-new-one"))
        answer = ask(QUESTION, WORDS, client=client)
        voting.join()
    assert (answer.option, answer.why) == ("the-new-one", "checked it")


def test_an_alert_returns_once_it_is_stored(tmp_path: Path) -> None:
    """Nothing waits for people."""
    fake = FakeAndon("silent")
    made = alert("Keys leaked", category="security", client=client_of(fake, tmp_path))
    assert (made.kind, made.status, made.category) == ("incident", "pending", "security")


async def test_an_alert_awaited(tmp_path: Path) -> None:
    """The twin."""
    fake = FakeAndon("silent")
    async with aclient_of(fake, tmp_path) as client:
        made = await aalert("Keys leaked", category="security", client=client)
    assert made.kind == "incident"


def test_an_error_brings_its_own_context(tmp_path: Path) -> None:
    """Type, message, traceback with its causes; secrets stay here."""
    fake = FakeAndon("silent")
    try:
        try:
            {}["replica"]
        except KeyError as cause:
            raise RuntimeError("no replica: password=hunter2secret") from cause
    except RuntimeError as error:
        made = escalate(error, uncertain=True, client=client_of(fake, tmp_path))
    told = last(fake)
    assert (made.category, told["severity"]) == ("unrecoverable_error", "high")
    assert told["context"]["error"]["type"] == "RuntimeError"
    assert "KeyError: 'replica'" in told["context"]["error"]["traceback"]
    assert "hunter2secret" not in json.dumps(told)


@pytest.mark.parametrize(
    ("error", "title"),
    [
        (RuntimeError("\x1b[31mred\x1b[0m\nand \ud800"), "RuntimeError: [31mred [0m and ?"),
        (type("Mute", (Exception,), {"__str__": lambda self: 1 / 0})(), "Mute: <Mute that cannot"),
        (type("Empty", (Exception,), {})(), "Empty:"),
    ],
)
def test_an_error_that_says_odd_things_is_told_all_the_same(
    error: Exception, title: str, tmp_path: Path
) -> None:
    """Colours of a terminal, no words at all."""
    fake = FakeAndon("silent")
    escalate(error, client=client_of(fake, tmp_path))
    assert last(fake)["title"].startswith(title)


async def test_words_are_enough(tmp_path: Path) -> None:
    """Uncertain is reason enough."""
    fake = FakeAndon("silent")
    async with aclient_of(fake, tmp_path) as client:
        made = await aescalate("Two specs contradict", uncertain=True, client=client)
    assert (made.title, made.category) == ("Two specs contradict", "ambiguous_requirement")


def test_without_a_client_the_settings_say_where(
    andon_fake: FakeAndon, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And a change of the settings is noticed."""
    alert("one", category="other")
    assert [e["title"] for e in andon_fake.escalations] == ["one"]
    with FakeAndon("silent") as other:
        monkeypatch.setenv("ANDON_URL", other.url)
        monkeypatch.setenv("ANDON_KEY", other.key)
        alert("two", category="other")
        assert [e["title"] for e in other.escalations] == ["two"]
