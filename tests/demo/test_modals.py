"""Trigger ids, and the windows they open: the stack, redrawing, closing, App Home."""

from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.demo.workspace import ImpossibleError, Window, Workspace
from tests.demo.world import (
    INES,
    OPEN,
    RAVI,
    BoltApp,
    Clock,
    a_card,
    a_modal,
    actions,
    button,
    modal,
    plain,
)

NOTIFYING = modal(notify_on_close=True)
BUTTONS = actions(button("More", "more"), block_id="row")
SECTION = {"type": "section", "block_id": "said", "text": plain("Read this.")}


async def refusal(call: Any) -> str:
    """The error code this call is refused with."""
    with pytest.raises(SlackApiError) as caught:
        await call
    return str(caught.value.response["error"])


@pytest.fixture
async def trigger(app: BoltApp, workspace: Workspace) -> str:
    """A fresh trigger id, from a click on a message."""
    return await a_trigger(app, workspace)


async def a_trigger(app: BoltApp, workspace: Workspace) -> str:
    """Ravi clicks; the app keeps the trigger id."""

    @app.bolt.action("vote:recreate")
    async def vote(ack: Any, body: dict[str, Any]) -> None:
        app.seen.append(body)
        await ack()

    await workspace.tap(RAVI, await a_card(app, workspace), "Recreate")
    return str(app.seen[-1]["trigger_id"])


async def a_trigger_within(app: BoltApp, workspace: Workspace, window: Window) -> str:
    """Ravi presses a button inside a modal; the app keeps the trigger id."""

    @app.bolt.action("more")
    async def more(ack: Any, body: dict[str, Any]) -> None:
        app.seen.append(body)
        await ack()

    await workspace.press(RAVI, window.id, "more")
    return str(app.seen[-1]["trigger_id"])


async def test_a_trigger_opens_a_modal_before_whom_it_came_from(
    app: BoltApp, workspace: Workspace, trigger: str
) -> None:
    """The answer holds what later calls need: id, hash, root."""
    answer = await app.client.views_open(trigger_id=trigger, view=modal(external_id="mine"))
    window = workspace.view_of(RAVI)
    assert window is not None
    view = answer["view"]
    assert (view["id"], view["hash"]) == (window.id, window.hash)
    assert (view["root_view_id"], view["previous_view_id"]) == (window.id, None)
    assert (view["external_id"], view["app_id"]) == ("mine", workspace.app.id)
    assert workspace.view_of(INES) is None


@pytest.mark.parametrize(("seconds", "code"), [(3.0, None), (3.01, "expired_trigger_id")])
async def test_a_trigger_lives_three_seconds(
    app: BoltApp,
    workspace: Workspace,
    trigger: str,
    clock: Clock,
    seconds: float,
    code: str | None,
) -> None:
    """On the workspace's clock."""
    clock.pass_by(seconds)
    if code is None:
        assert (await app.client.views_open(trigger_id=trigger, view=modal()))["ok"]
    else:
        assert await refusal(app.client.views_open(trigger_id=trigger, view=modal())) == code


async def test_a_trigger_works_once(app: BoltApp, trigger: str) -> None:
    """The second use is told as such."""
    await app.client.views_open(trigger_id=trigger, view=modal())
    again = app.client.views_open(trigger_id=trigger, view=modal())
    assert await refusal(again) == "exchanged_trigger_id"


async def test_opening_a_modal_replaces_those_that_stand_open(
    app: BoltApp, workspace: Workspace
) -> None:
    """Opening is not pushing: one view is left, and it is its own root."""
    first = await a_modal(app, workspace)
    trigger = await a_trigger(app, workspace)
    answer = await app.client.views_open(trigger_id=trigger, view=modal())
    (window,) = workspace.windows.stacks[RAVI]
    assert (window.id, window.root, window.previous) == (answer["view"]["id"], window.id, None)
    assert window is not first


@pytest.mark.parametrize("made_up", ["1.2.abc", "x"])
async def test_a_made_up_trigger_is_refused(client: AsyncWebClient, made_up: str) -> None:
    """Nobody did anything."""
    opening = client.views_open(trigger_id=made_up, view=modal())
    assert await refusal(opening) == "invalid_trigger_id"
    pushing = client.views_push(trigger_id=made_up, view=modal())
    assert await refusal(pushing) == "invalid_trigger_id"


async def test_commands_and_submissions_give_triggers_too(
    app: BoltApp, workspace: Workspace
) -> None:
    """Each interaction has one of its own."""

    @app.bolt.command("/escalations")
    async def command(ack: Any, body: dict[str, Any], client: AsyncWebClient) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=modal())

    @app.bolt.view("why")
    async def submitted(ack: Any, body: dict[str, Any], client: AsyncWebClient) -> None:
        await client.views_push(trigger_id=body["trigger_id"], view=modal(title=plain("Above")))
        await ack(response_action="update", view=modal(title=plain("Below")))

    await workspace.command(RAVI, OPEN, "/escalations")
    window = await workspace.wait_for(lambda: workspace.view_of(RAVI))
    await workspace.submit(RAVI, window.id, {"why": "Because."})
    stack = workspace.windows.stacks[RAVI]
    assert [one.view["title"]["text"] for one in stack] == ["Below", "Above"]


async def test_a_refused_view_uses_the_trigger_up(app: BoltApp, trigger: str) -> None:
    """A view over a limit names the place; no app may rely on a second try."""
    with pytest.raises(SlackApiError) as caught:
        await app.client.views_open(trigger_id=trigger, view=modal(title=plain("x" * 25)))
    assert caught.value.response["error"] == "invalid_arguments"
    (message,) = caught.value.response["response_metadata"]["messages"]
    assert message.endswith("[json-pointer:/view/title/text]")
    again = app.client.views_open(trigger_id=trigger, view=modal())
    assert await refusal(again) == "exchanged_trigger_id"


async def test_a_view_larger_than_250_kb_is_too_large(app: BoltApp, trigger: str) -> None:
    """Though each of its blocks is within its limits."""
    block = {"type": "section", "text": plain("ü" * 3000)}
    large = modal(*[block] * 45)
    opening = app.client.views_open(trigger_id=trigger, view=large)
    assert await refusal(opening) == "view_too_large"


async def test_push_needs_a_trigger_from_within_a_modal(
    app: BoltApp, workspace: Workspace, trigger: str
) -> None:
    """A click on a message opens; it cannot push, even beside an open modal."""
    await a_modal(app, workspace)
    pushing = app.client.views_push(trigger_id=trigger, view=modal())
    assert await refusal(pushing) == "invalid_trigger_id"


async def test_three_modals_stand_upon_one_another_and_no_fourth(
    app: BoltApp, workspace: Workspace
) -> None:
    """Each pushed view names the one below and the first one."""
    first = top = await a_modal(app, workspace, modal(BUTTONS))
    for _ in range(2):
        trigger = await a_trigger_within(app, workspace, top)
        pushed = await app.client.views_push(trigger_id=trigger, view=modal(BUTTONS))
        assert pushed["view"]["previous_view_id"] == top.id
        assert pushed["view"]["root_view_id"] == first.id
        shown = workspace.view_of(RAVI)
        assert shown is not None
        top = shown
    trigger = await a_trigger_within(app, workspace, top)
    fourth = app.client.views_push(trigger_id=trigger, view=modal(BUTTONS))
    assert await refusal(fourth) == "push_limit_reached"


async def test_a_modal_closed_meanwhile_cannot_be_pushed_upon(
    app: BoltApp, workspace: Workspace
) -> None:
    """Its person is gone from it."""
    window = await a_modal(app, workspace, modal(BUTTONS))
    trigger = await a_trigger_within(app, workspace, window)
    await workspace.dismiss(RAVI, window.id)
    pushing = app.client.views_push(trigger_id=trigger, view=modal())
    assert await refusal(pushing) == "not_found"


@pytest.mark.parametrize("named_by", ["view_id", "external_id"])
async def test_an_open_view_is_redrawn_by_either_id(
    app: BoltApp, workspace: Workspace, named_by: str
) -> None:
    """It stays where it is in the stack."""
    window = await a_modal(app, workspace, modal(external_id="mine"))
    name = {"view_id": window.id, "external_id": "mine"}[named_by]
    again = modal(SECTION, external_id="mine")
    answer = await app.client.views_update(view=again, **{named_by: name})
    assert answer["view"]["id"] == window.id
    assert [one["block_id"] for one in window.view["blocks"]] == ["said"]


async def test_an_outdated_hash_is_a_conflict(app: BoltApp, workspace: Workspace) -> None:
    """The first update changes the hash; a second with the old one draws nothing."""
    window = await a_modal(app, workspace)
    old = window.hash
    await app.client.views_update(view_id=window.id, hash=old, view=modal(title=plain("Second")))
    late = app.client.views_update(view_id=window.id, hash=old, view=modal(title=plain("Third")))
    assert await refusal(late) == "hash_conflict"
    assert window.view["title"]["text"] == "Second"
    fresh = window.hash
    await app.client.views_update(view_id=window.id, hash=fresh, view=modal(title=plain("Third")))
    assert window.view["title"]["text"] == "Third"


async def test_a_view_that_is_not_open_cannot_be_redrawn(
    app: BoltApp, workspace: Workspace
) -> None:
    """Unknown, or closed meanwhile."""
    window = await a_modal(app, workspace)
    assert await refusal(app.client.views_update(view_id="V0", view=modal())) == "not_found"
    await workspace.dismiss(RAVI, window.id)
    closed = app.client.views_update(view_id=window.id, view=modal())
    assert await refusal(closed) == "not_found"


async def test_a_modal_cannot_become_a_home(app: BoltApp, workspace: Workspace) -> None:
    """The surface of a view stays."""
    window = await a_modal(app, workspace)
    home = {"type": "home", "blocks": [SECTION]}
    turned = app.client.views_update(view_id=window.id, view=home)
    assert await refusal(turned) == "invalid_arguments"


async def test_an_external_id_is_taken_once(
    app: BoltApp, workspace: Workspace, trigger: str
) -> None:
    """While a view with it is open, no other may have it."""
    window = await a_modal(app, workspace, modal(external_id="mine"))
    twice = app.client.views_open(trigger_id=trigger, view=modal(external_id="mine"))
    assert await refusal(twice) == "duplicate_external_id"
    await workspace.dismiss(RAVI, window.id)
    fresh = await a_trigger(app, workspace)
    await app.client.views_open(trigger_id=fresh, view=modal(external_id="mine"))


async def test_what_is_typed_outlives_a_redrawing(app: BoltApp, workspace: Workspace) -> None:
    """Fields that keep their ids keep their text; as Slack documents it."""
    app.bolt.view("why")(errors_once)
    window = await a_modal(app, workspace)
    await workspace.submit(RAVI, window.id, {"why": "Because."})
    await app.client.views_update(view_id=window.id, view=modal(SECTION, *modal()["blocks"]))
    assert window.values["why"]["reason"]["value"] == "Because."


async def errors_once(ack: Any) -> None:
    await ack(response_action="errors", errors={"why": "Say more."})


@pytest.mark.parametrize(
    ("view", "everything", "heard"),
    [
        (modal(), False, []),
        (NOTIFYING, False, [False]),
        (NOTIFYING, True, [True]),
        ({**NOTIFYING, "clear_on_close": True}, False, [True]),
    ],
)
async def test_closing_is_told_to_views_that_ask(
    either: BoltApp, workspace: Workspace, view: dict[str, Any], everything: bool, heard: list[bool]
) -> None:
    """With `notify_on_close`; `is_cleared` says whether the whole stack was closed."""

    @either.bolt.view_closed("why")
    async def closed(ack: Any, body: dict[str, Any]) -> None:
        either.seen.append(body)
        await ack()

    window = await a_modal(either, workspace, view)
    await workspace.dismiss(RAVI, window.id, all=everything)
    assert [(one["view"]["id"], one["is_cleared"]) for one in either.seen] == [
        (window.id, cleared) for cleared in heard
    ]
    assert workspace.view_of(RAVI) is None


async def test_closing_one_closes_those_upon_it(app: BoltApp, workspace: Workspace) -> None:
    """The app hears of each, the top one first."""

    @app.bolt.view_closed("why")
    async def closed(ack: Any, view: dict[str, Any]) -> None:
        app.seen.append(view)
        await ack()

    below = await a_modal(app, workspace, NOTIFYING)
    above = workspace.windows.push(RAVI, NOTIFYING)
    await workspace.dismiss(RAVI, below.id)
    assert [one["id"] for one in app.seen] == [above.id, below.id]


async def test_only_open_views_can_be_pressed(app: BoltApp, workspace: Workspace) -> None:
    """By the one they are before, and only where there is a button."""
    window = await a_modal(app, workspace, modal(BUTTONS))
    for person, view_id, action_id in [
        (INES, window.id, "more"),
        (RAVI, "V0NONE", "more"),
        (RAVI, window.id, "less"),
    ]:
        with pytest.raises(ImpossibleError):
            await workspace.press(person, view_id, action_id)


async def test_home_is_published_and_pressed(either: BoltApp, workspace: Workspace) -> None:
    """Opening it is an event; a press on it names the view and no channel."""

    @either.bolt.event("app_home_opened")
    async def opened(event: dict[str, Any], client: AsyncWebClient) -> None:
        await client.views_publish(
            user_id=event["user"], view={"type": "home", "blocks": [BUTTONS]}
        )

    @either.bolt.action("more")
    async def more(ack: Any, body: dict[str, Any]) -> None:
        either.seen.append(body)
        await ack()

    await workspace.open_home(RAVI)
    home = await workspace.wait_for(lambda: workspace.home_of(RAVI))
    assert workspace.home_of(INES) is None
    assert (await workspace.press(RAVI, home.id, "more")).error is None
    (pressed,) = either.seen
    assert pressed["container"] == {"type": "view", "view_id": home.id}
    assert not {"channel", "message", "response_url"} & pressed.keys()


async def test_home_is_refused_where_it_is_not_for_it(
    client: AsyncWebClient, workspace: Workspace
) -> None:
    """An outdated hash, an unknown person, a modal for a home, an input in it."""
    home = {"type": "home", "blocks": [SECTION]}
    await client.views_publish(user_id=RAVI, view=home)
    late = client.views_publish(user_id=RAVI, view=home, hash="1.old")
    assert await refusal(late) == "hash_conflict"
    nobody = client.views_publish(user_id="U0NOBODY", view=home)
    assert await refusal(nobody) == "user_not_found"
    assert await refusal(client.views_publish(user_id=RAVI, view=modal())) == "invalid_arguments"
