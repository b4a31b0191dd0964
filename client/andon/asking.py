"""`ask`, `alert`, `escalate`: a decision without a command, an incident, a cry for help."""

import traceback
from collections.abc import Sequence
from typing import Any, Unpack

from andon.client import AsyncClient, Client, default_client
from andon.flow.deciding import Answer
from andon.flow.request import Besides, Request
from andon.models import Escalation
from andon.operation import Option

#: Characters of a title, and of a traceback (its end says most).
TITLE, TRACEBACK = 150, 20_000


def ask(
    question: str,
    options: Sequence[str | Option],
    *,
    category: str = "decision",
    client: Client | None = None,
    **said: Unpack[Besides],
) -> Answer:
    """Let people decide something that runs nothing; waits for their answer.

    Raises RejectedError where they say none of these.
    """
    return (client or default_client()).ask(question, options, category=category, **said)


def alert(
    title: str, *, category: str, client: Client | None = None, **said: Unpack[Besides]
) -> Escalation:
    """Tell people of an incident, and return once it is stored; nothing waits for them."""
    return (client or default_client()).alert(title, category=category, **said)


def escalate(
    what: BaseException | str,
    *,
    uncertain: bool = False,
    client: Client | None = None,
    **said: Unpack[Request],
) -> Escalation:
    """Call for help with an error, or in words. Unsure how bad it is? Say so: it counts as high."""
    title, asked = _cry(what, uncertain, said)
    return (client or default_client()).open(title, kind="incident", **asked)


async def aask(
    question: str,
    options: Sequence[str | Option],
    *,
    category: str = "decision",
    client: AsyncClient | None = None,
    **said: Unpack[Besides],
) -> Answer:
    """As `ask`, awaited."""
    if client is not None:
        return await client.ask(question, options, category=category, **said)
    async with AsyncClient() as own:
        return await own.ask(question, options, category=category, **said)


async def aalert(
    title: str, *, category: str, client: AsyncClient | None = None, **said: Unpack[Besides]
) -> Escalation:
    """As `alert`, awaited."""
    if client is not None:
        return await client.alert(title, category=category, **said)
    async with AsyncClient() as own:
        return await own.alert(title, category=category, **said)


async def aescalate(
    what: BaseException | str,
    *,
    uncertain: bool = False,
    client: AsyncClient | None = None,
    **said: Unpack[Request],
) -> Escalation:
    """As `escalate`, awaited."""
    title, asked = _cry(what, uncertain, said)
    if client is not None:
        return await client.open(title, kind="incident", **asked)
    async with AsyncClient() as own:
        return await own.open(title, kind="incident", **asked)


def _cry(what: BaseException | str, uncertain: bool, said: Request) -> tuple[str, Request]:
    """Title and request; an error brings its own context."""
    asked: Request = {**said}
    if isinstance(what, BaseException):
        asked.setdefault("category", "unrecoverable_error")
        asked["context"] = {"error": error_of(what), **(said.get("context") or {})}
        title = f"{type(what).__name__}: {what}"
    else:
        asked.setdefault("category", "ambiguous_requirement" if uncertain else "other")
        title = what
    if uncertain:
        asked.setdefault("severity", "high")
    line = " ".join(title.split()) or "Help is needed"
    return (line if len(line) <= TITLE else f"{line[: TITLE - 1]}…"), asked


def error_of(error: BaseException) -> dict[str, Any]:
    """An error as context, with its traceback and what caused it."""
    whole = "".join(traceback.format_exception(error))
    kept = whole if len(whole) <= TRACEBACK else f"…{whole[1 - TRACEBACK :]}"
    message = str(error)[:10_000] or "(no message)"
    return {"type": type(error).__name__[:300], "message": message, "traceback": kept}
