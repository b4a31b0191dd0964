"""The timeline of an escalation, drawn from its events: what happened, who did it, when.

Only what a person reading it afterwards asks for: looks, reminders and refusals are left out.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from approvals import events
from approvals.events import Record
from approvals.words import DecidedBy

Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """One thing that happened. `words` are ours, `quote` is a person's or the service's."""

    at: datetime
    by: str  #: `person:ID`, `service:NAME`, `operator:NAME`, `clock` or `andon`
    words: str
    quote: str | None = None


def timeline(records: Iterable[Record]) -> tuple[Happened, ...]:
    """What happened, oldest first. Of an erased record only that it was is said."""
    found = []
    for record in records:
        said = _SAID.get(record.kind)
        if said is not None:
            words, quote = said(record.body) if record.text else (record.kind, None)
            found.append(Happened(at=record.at, by=record.by, words=words, quote=quote))
    return tuple(found)


Said = Callable[[Body], tuple[str, str | None]]


def _plainly(words: str, quote: str = "") -> Said:
    """The same words each time, and what was said, where the body has it under that name."""
    return lambda body: (words, str(body[quote]) if quote and body.get(quote) else None)


def _voted(body: Body) -> tuple[str, str | None]:
    return f"chose {body['option']}", body.get("rationale")


def _decided(body: Body) -> tuple[str, str | None]:
    option = f": {body['option']}" if body.get("option") else ""
    said = body["by"] == DecidedBy.VOTES  # the votes before it say why
    return f"decided {body['status']} by {body['by']}{option}", None if said else body.get("reason")


def _reported(body: Body) -> tuple[str, str | None]:
    return f"reported {body['result']}", body.get("detail")


def _stepped(body: Body) -> tuple[str, str | None]:
    return f"called stage {body['step']} of {body['of']}", None


def _issue(body: Body) -> tuple[str, str | None]:
    issue = body["issue"]
    return f"wrote the issue, {issue['state']}", issue.get("workarounds")


def _opened(body: Body) -> tuple[str, str | None]:
    return f"opened a review ({', '.join(body['why'])}) for {body.get('owner') or 'nobody'}", None


def _written(body: Body) -> tuple[str, str | None]:
    return "wrote the review", body["findings"].get("root_cause")


def _handed(body: Body) -> tuple[str, str | None]:
    return f"handed the review to {body['owner']}", None


def _override(body: Body) -> tuple[str, str | None]:
    return f"overrode the policy for {body['option']}", body.get("reason")


_SAID: Mapping[str, Said] = {
    events.OPENED: _plainly("asked"),
    events.JOINED: _plainly("asked again"),
    events.CONTEXT_ADDED: _plainly("added context"),
    events.CHAIN_STEPPED: _stepped,
    events.CHAIN_ENDED: _plainly("nobody answered"),
    events.ACKNOWLEDGED: _plainly("is looking"),
    events.LET_GO: _plainly("looks no longer"),
    events.ASKED: _plainly("asked a question", "text"),
    events.ANSWERED: _plainly("answered", "text"),
    events.EXTENDED: _plainly("gave it more time"),
    events.VOTE_CAST: _voted,
    events.VOTE_REASONED: _plainly("gave a reason", "text"),
    events.VOTE_VOIDED: _plainly("a vote no longer counts", "why"),
    events.OVERRIDE_ASKED: _override,
    events.DECIDED: _decided,
    events.CLAIMED: _plainly("started"),
    events.STOPPED: _plainly("stopped it", "reason"),
    events.LAPSED: _plainly("not started in time"),
    events.REPORTED: _reported,
    events.RESOLVED: _plainly("resolved it", "root_cause"),
    events.ISSUE_WRITTEN: _issue,
    events.REVIEW_OPENED: _opened,
    events.REVIEW_HANDED: _handed,
    events.REVIEW_WRITTEN: _written,
    events.ERASED: _plainly("erased what was asked and said"),
}
