"""What an acknowledgement of a modal does: close, correct, update, push, clear, or trouble."""

from typing import Any

import pytest
from aiohttp import web

from bot.demo.workspace import ImpossibleError, Workspace
from tests.demo.world import (
    INES,
    RAVI,
    BoltApp,
    Clock,
    a_modal,
    answering,
    button,
    modal,
    plain,
    typed,
)

TROUBLE = "We had some trouble connecting. Try again?"


def answering_with(app: BoltApp, **ack_body: Any) -> None:
    """The app acknowledges every submission with this."""

    @app.bolt.view("why")
    async def submitted(ack: Any, view: dict[str, Any]) -> None:
        app.seen.append(view)
        await ack(**ack_body)


def titles(workspace: Workspace, person: str = RAVI) -> list[str]:
    """The titles of a person's modals, the top one last."""
    return [one.view["title"]["text"] for one in workspace.windows.stacks.get(person, [])]


async def test_an_empty_acknowledgement_closes_the_modal(
    either: BoltApp, workspace: Workspace
) -> None:
    """And the app was given what was typed."""
    answering_with(either)
    window = await a_modal(either, workspace)
    done = await workspace.submit(RAVI, window.id, {"why": "Because."})
    assert (done.acked, done.error, dict(done.errors)) == (True, None, {})
    assert workspace.view_of(RAVI) is None
    (view,) = either.seen
    typed_in = {"type": "plain_text_input", "value": "Because."}
    assert view["state"]["values"] == {"why": {"reason": typed_in}}


async def test_errors_stand_at_their_fields_and_what_was_typed_stays(
    either: BoltApp, workspace: Workspace
) -> None:
    """The modal stays open; sending it off again sends what is still typed."""
    answering_with(either, response_action="errors", errors={"why": "Say more."})
    window = await a_modal(either, workspace)
    done = await workspace.submit(RAVI, window.id, {"why": "No."})
    assert (done.error, dict(done.errors)) == (None, {"why": "Say more."})
    await workspace.submit(RAVI, window.id)
    values = [one["state"]["values"]["why"]["reason"]["value"] for one in either.seen]
    assert values == ["No.", "No."]
    assert workspace.view_of(RAVI) is window


async def test_update_draws_the_modal_anew(either: BoltApp, workspace: Workspace) -> None:
    """It keeps its id, and has another hash."""
    answering_with(either, response_action="update", view=modal(title=plain("Next")))
    window = await a_modal(either, workspace)
    before = window.hash
    done = await workspace.submit(RAVI, window.id, {"why": "Because."})
    assert (done.error, titles(workspace)) == (None, ["Next"])
    assert workspace.view_of(RAVI) is window
    assert window.hash != before


async def test_push_puts_a_modal_upon_it(either: BoltApp, workspace: Workspace) -> None:
    """The one below stays, and the new one names it."""
    answering_with(either, response_action="push", view=modal(title=plain("Above")))
    window = await a_modal(either, workspace)
    await workspace.submit(RAVI, window.id, {"why": "Because."})
    top = workspace.view_of(RAVI)
    assert titles(workspace) == ["Why?", "Above"]
    assert top is not None
    assert (top.previous, top.root) == (window.id, window.id)


async def test_clear_closes_the_whole_stack(either: BoltApp, workspace: Workspace) -> None:
    """From the top of two modals nothing is left."""
    answering_with(either, response_action="clear")
    window = await a_modal(either, workspace)
    workspace.windows.push(RAVI, modal(title=plain("Above")))
    top = workspace.view_of(RAVI)
    assert top is not None
    await workspace.submit(RAVI, top.id, {"why": "Because."})
    assert titles(workspace) == []
    with pytest.raises(ImpossibleError):
        await workspace.submit(RAVI, window.id, {"why": "Again."})


async def test_closing_the_top_shows_the_modal_below(app: BoltApp, workspace: Workspace) -> None:
    """An empty acknowledgement closes one view, not the stack."""
    answering_with(app)
    window = await a_modal(app, workspace)
    workspace.windows.push(RAVI, modal(title=plain("Above")))
    top = workspace.view_of(RAVI)
    assert top is not None
    await workspace.submit(RAVI, top.id, {"why": "Because."})
    assert workspace.view_of(RAVI) is window


WRONG = [
    ({"response_action": "shut"}, "invalid_response_action"),
    ({"text": "thanks"}, "invalid_response_action"),
    ({"response_action": "errors", "errors": {"when": "Say when."}}, "no input block when"),
    ({"response_action": "errors", "errors": {"reason": "Say more."}}, "no input block reason"),
    ({"response_action": "errors", "errors": {"why": ""}}, "no text for why"),
    ({"response_action": "errors"}, "at least one field"),
    ({"response_action": "update", "view": modal(title=plain("x" * 25))}, "less than 25"),
    ({"response_action": "update"}, "invalid_arguments"),
    ({"response_action": "push", "view": modal(submit=None)}, "invalid_arguments"),
]


@pytest.mark.parametrize(("body", "why"), WRONG)
async def test_an_answer_slack_does_not_understand_is_trouble(
    app: BoltApp, workspace: Workspace, body: dict[str, Any], why: str
) -> None:
    """The person is told so, the developer why, and the modal stays as it was."""

    async def answer(request: web.Request) -> web.Response:
        return web.json_response(body)

    window = await a_modal(app, workspace)
    async with answering(answer) as workspace.request_url:
        done = await workspace.submit(RAVI, window.id, {"why": "Because."})
    assert (done.acked, done.error) == (True, TROUBLE)
    assert why in (done.why or "")
    assert (workspace.view_of(RAVI), titles(workspace)) == (window, ["Why?"])


async def test_a_late_submission_is_trouble(
    either: BoltApp, workspace: Workspace, clock: Clock
) -> None:
    """The modal stays, so that it can be sent off again."""

    @either.bolt.view("why")
    async def submitted(ack: Any) -> None:
        clock.pass_by(3.5)
        await ack()

    window = await a_modal(either, workspace)
    done = await workspace.submit(RAVI, window.id, {"why": "Because."})
    assert (done.acked, done.error) == (False, TROUBLE)
    assert workspace.view_of(RAVI) is window


async def test_a_submission_nobody_takes_is_trouble(app: BoltApp, workspace: Workspace) -> None:
    """Bolt answers 404 where no listener is registered."""
    window = await a_modal(app, workspace)
    done = await workspace.submit(RAVI, window.id, {"why": "Because."})
    assert (done.error, done.status) == (TROUBLE, 404)


async def test_a_modal_closed_meanwhile_is_not_drawn_again(
    either: BoltApp, workspace: Workspace
) -> None:
    """The person dismissed it while the app still thought."""
    window = await a_modal(either, workspace)

    @either.bolt.view("why")
    async def submitted(ack: Any) -> None:
        await workspace.dismiss(RAVI, window.id)
        await ack(response_action="update", view=modal(title=plain("Next")))

    done = await workspace.submit(RAVI, window.id, {"why": "Because."})
    assert (done.error, titles(workspace)) == (None, [])


async def test_the_client_itself_asks_for_what_is_missing(
    app: BoltApp, workspace: Workspace
) -> None:
    """Empty, too short and too long texts never reach the app."""
    answering_with(app)
    limited = typed(element={"min_length": 5, "max_length": 8})
    window = await a_modal(app, workspace, modal(limited, typed("note", optional=True)))
    texts = [None, "", "four", "far too long"]
    refused = [await workspace.submit(RAVI, window.id, {"why": text}) for text in texts]
    assert [dict(one.errors).get("why") for one in refused] == [
        "Please complete this required field.",
        "Please complete this required field.",
        "Please enter at least 5 characters.",
        "Please enter at most 8 characters; this has 12.",
    ]
    assert app.seen == []
    assert (await workspace.submit(RAVI, window.id, {"why": "enough"})).acked


async def test_nobody_else_can_send_it_off(app: BoltApp, workspace: Workspace) -> None:
    """A modal is before one person."""
    window = await a_modal(app, workspace)
    with pytest.raises(ImpossibleError):
        await workspace.submit(INES, window.id, {"why": "Because."})


async def test_a_view_without_submit_cannot_be_sent_off(app: BoltApp, workspace: Workspace) -> None:
    """There is no such button."""
    view = modal({"type": "section", "text": plain("Only to read.")})
    del view["submit"]
    window = await a_modal(app, workspace, view)
    with pytest.raises(ImpossibleError):
        await workspace.submit(RAVI, window.id)


async def test_a_menu_beside_the_inputs_is_sent_too(app: BoltApp, workspace: Workspace) -> None:
    """What was chosen in an actions block stands in `state.values`, as in Slack."""
    answering_with(app)

    @app.bolt.action("how")
    async def chosen(ack: Any) -> None:
        await ack()

    option = {"text": plain("Slowly"), "value": "slow"}
    menu = {"type": "static_select", "action_id": "how", "options": [option]}
    row = {"type": "actions", "block_id": "row", "elements": [menu, button("More", "more")]}
    window = await a_modal(app, workspace, modal(typed(), row))
    await workspace.press(RAVI, window.id, "how", choose={"selected_option": option})
    await workspace.submit(RAVI, window.id, {"why": "Because."})
    (view,) = app.seen
    kept = {"type": "static_select", "selected_option": option}
    assert view["state"]["values"]["row"] == {"how": kept}
