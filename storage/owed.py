"""Rows of what a batch owes: cards, messages, callbacks and answers."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from approvals.codec import instant
from approvals.owes import AnswerClick, Callback, Direct, Page, PostCard, ThreadLine, Work
from storage.batch import Batch

#: A door shows the answer to a modal itself; the delivery is the net below it.
MODAL_GRACE = timedelta(seconds=5)

#: The same, for the one answer to many votes at once.
BATCH_GRACE = timedelta(seconds=60)


def card_rows(batch: Batch, at: str) -> Iterator[tuple[Any, ...]]:
    """The cards that are owed, each once."""
    seen: set[str] = set()
    for escalation_id, _, work in batch.work:
        if isinstance(work, PostCard):
            card_id = f"card_{(work.storm or escalation_id)[4:]}_{work.target}"
            if work.storm is not None:
                card_id = f"storm_{card_id}"
            if card_id not in seen:
                seen.add(card_id)
                yield card_id, escalation_id, work.surface, work.target, work.storm, at


def delivery_rows(batch: Batch, now: datetime) -> Iterator[tuple[Any, ...]]:
    """The messages and callbacks that are owed; those with a name of their own each once."""
    seen: set[str] = set()
    for n, (escalation_id, seq, work) in enumerate(batch.work):
        name = _once(work)
        if name in seen:
            continue
        made = _delivery(batch, escalation_id, work)
        if made is None:
            continue
        seen |= {name} if name else set()
        kind, target, payload = made
        due = now + _wait(work)
        # Padded, so that ids sort as the lines of a thread were owed.
        delivery_id = name or f"msg_{escalation_id[4:]}_{seq:06}_{n:05}"
        text = json.dumps(payload, separators=(",", ":"))
        yield delivery_id, escalation_id, kind, target, text, instant(now), instant(due)


def _once(work: Work) -> str:
    """The id under which it is owed once, where a repeat must fall together."""
    if isinstance(work, AnswerClick):
        return f"ans_{work.command_id}"
    return getattr(work, "once", "")


def _wait(work: Work) -> timedelta:
    """How long it is not due yet."""
    if isinstance(work, AnswerClick):
        if work.reply.batch:
            return BATCH_GRACE
        return MODAL_GRACE if work.reply.in_modal else timedelta()
    return timedelta(seconds=getattr(work, "after_s", 0))


def _delivery(
    batch: Batch, escalation_id: str, work: Work
) -> tuple[str, str, dict[str, Any]] | None:
    """Kind, target and payload."""
    match work:
        case ThreadLine():
            return "thread", "", _said(work) | {"mentions": list(work.mentions)}
        case Direct():
            return "direct", work.to, _said(work) | {"reason": work.reason}
        case Page():
            return "page", work.route, _said(work) | {"reason": work.reason}
        case Callback():
            return "callback", batch.escalations[escalation_id].callback_url or "", asdict(work)
        case AnswerClick():
            payload = {
                "case": work.case,
                "values": dict(work.values),
                "reply": asdict(work.reply),
                "command": work.command_id,
            }
            return "answer", work.account, payload
    return None


def _said(work: ThreadLine | Direct | Page) -> dict[str, Any]:
    return {"case": work.case, "values": dict(work.values)}
