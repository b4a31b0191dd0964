"""What doctor looks at in Slack, with calls that change nothing there."""

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from approvals.policy.model import Policy
from bot.doctor.finding import Finding
from bot.messaging import SlackError, SlackRefusedError
from bot.settings import Settings
from bot.slack.drawing.commands import help_text
from bot.slack.web import WatchedClient, translated

#: Scopes the bot's calls need: those of manifest.yml.
SCOPES = frozenset(
    {
        "channels:history",
        "channels:read",
        "chat:write",
        "commands",
        "dnd:read",
        "groups:history",
        "groups:read",
        "im:history",
        "im:write",
        "usergroups:read",
        "users:read",
    }
)

#: Seconds our clock may differ from Slack's: signatures are good for five minutes.
SKEW_S = 60

#: What to do about Slack's codes.
_DO = {
    "invalid_auth": "Copy the token anew from the app's page at Slack.",
    "not_authed": "Copy the token anew from the app's page at Slack.",
    "account_inactive": "Install the app into the workspace again.",
    "token_revoked": "Install the app into the workspace again.",
    "not_allowed_token_type": "Two tokens are exchanged: the bot's is xoxb-, the app's xapp-.",
    "missing_scope": "Install the app again from manifest.yml.",
    "invalid_blocks": "Please report this with your version: it is a fault of ours.",
    "not_in_channel": "Invite the bot: /invite @Andon",
    "channel_not_found": "Mend the id in the policy; in a private channel, invite the bot.",
    "user_not_found": "Mend the account in the policy.",
    "no_such_subteam": "Mend the user group in the policy.",
    "ratelimited": "Slack is busy with us; try again in a minute.",
    "unreachable": "Check the network, a proxy, and ANDON_SLACK_API_URL.",
}


#: One call of the Web API.
Call = Callable[[], Awaitable[Any]]


async def workspace(settings: Settings, policy: Policy | None) -> AsyncIterator[Finding]:
    """The tokens, their scopes, the clock, and everybody and every channel of the policy."""
    if settings.slack_mode == "off":
        return
    client = WatchedClient(settings.slack_bot_token.get_secret_value(), settings.slack_api_url)
    me, finding = await _asked("the bot token", client.auth_test)
    if me is None:
        yield finding
        return
    yield Finding(part="slack", said=f"we are {me['user']} in {me['team']}")
    yield _scopes(me.headers)
    for finding in _clock(me.headers):
        yield finding
    if settings.slack_mode == "socket":
        app = WatchedClient(settings.slack_app_token.get_secret_value(), settings.slack_api_url)
        token = settings.slack_app_token.get_secret_value()
        opened, finding = await _asked(
            "the app token", partial(app.apps_connections_open, app_token=token)
        )
        yield Finding(part="slack", said="Socket Mode may connect") if opened else finding
    for finding in await _drawings(client):
        yield finding
    if policy is not None:
        async for finding in _named(client, policy):
            yield finding


async def _asked(what: str, call: Call) -> tuple[Any | None, Finding]:
    """The answer, or the finding that tells why there is none."""
    try:
        async with translated():
            return await call(), Finding(part="slack", said=what)
    except SlackError as error:
        code = error.code or type(error).__name__
        do = _DO.get(code, "See the method's page at Slack.")
        if not isinstance(error, SlackRefusedError) and code not in _DO:
            do = "Slack is away or the network is; try again."
        return None, Finding(part="slack", said=f"{what}: {code}", do=do)


def _scopes(headers: Any) -> Finding:
    given = {s.strip() for s in str(headers.get("x-oauth-scopes", "")).split(",")} - {""}
    missing = sorted(SCOPES - given)
    if missing:
        said = f"scopes are missing: {', '.join(missing)}"
        return Finding(part="slack", said=said, do=_DO["missing_scope"])
    return Finding(part="slack", said="all scopes are granted")


def _clock(headers: Any) -> list[Finding]:
    """Slack tells its time with every answer."""
    told = headers.get("Date")
    if not told:
        return []
    off = (datetime.now(UTC) - parsedate_to_datetime(told)).total_seconds()
    if abs(off) > SKEW_S:
        said = f"our clock differs from Slack's by {off:,.0f} s"
        return [Finding(part="clock", said=said, do="Set it right, with NTP say.")]
    return [Finding(part="clock", said="it agrees with Slack's")]


async def _drawings(client: AsyncWebClient) -> list[Finding]:
    """Whether Slack takes what we draw, where it can be asked without sending anything."""
    blocks = [dict(block) for block in help_text().blocks]
    call = partial(client.api_call, "blocks.validate", json={"blocks": blocks})
    taken, finding = await _asked("a drawing of ours", call)
    if taken is not None:
        return [Finding(part="slack", said="it takes what we draw")]
    # Not every workspace has the method; cards tell soon enough.
    return [finding] if "invalid_blocks" in finding.said else []


async def _named(client: AsyncWebClient, policy: Policy) -> AsyncIterator[Finding]:
    """Channels we must be in, people who must be ordinary members, user groups."""
    good: Counter[str] = Counter()
    for kind, what, call in _calls(client, policy):
        found, finding = await _asked(what, call)
        if found is None:
            yield finding
        elif (found.get("user") or {}).get("deleted"):
            do = "Take them out of the policy."
            yield Finding(part="slack", said=f"{what} is deactivated", do=do)
        else:
            good[kind] += 1
    counted = ", ".join(f"{n} {kind}" for kind, n in good.items())
    yield Finding(part="slack", said=f"known there: {counted or 'nothing'}")


def _calls(client: AsyncWebClient, policy: Policy) -> Iterator[tuple[str, str, Call]]:
    """What the policy names, and the call that tells whether Slack knows it."""
    for name, channel in policy.channels.items():
        call = partial(client.conversations_history, channel=channel.id, limit=1)
        yield "channels", f"channel {name} ({channel.id})", call
    for id_, person in policy.people.items():
        for account in person.accounts:
            yield "people", f"{id_} ({account})", partial(client.users_info, user=account)
    for name, group in policy.groups.items():
        if group.slack_usergroup:
            call = partial(client.usergroups_users_list, usergroup=group.slack_usergroup)
            yield "user groups", f"group {name} ({group.slack_usergroup})", call
