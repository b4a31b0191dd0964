"""`ask`, `alert`, `escalate`: a decision without a command, an incident, a cry for help."""

from collections.abc import Sequence
from typing import Unpack

from andon.client import AsyncClient, Client, default_client
from andon.context.failure import told
from andon.context.plain import words
from andon.context.shapes import line, shaped
from andon.flow.deciding import Answer
from andon.flow.request import TITLE, Besides, Request
from andon.models import Escalation
from andon.operation import Option


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
        asked["context"] = {"error": shaped("error", [told(what)]), **(said.get("context") or {})}
        title = f"{type(what).__name__}: {words(what)}"
    else:
        asked.setdefault("category", "ambiguous_requirement" if uncertain else "other")
        title = what
    if uncertain:
        asked.setdefault("severity", "high")
    return line(title, TITLE) or "Help is needed", asked
