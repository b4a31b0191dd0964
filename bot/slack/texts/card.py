"""The card, in a channel or as a direct message, from opening to its last line.

Order: how bad and where, what, who asks, what it does to whom, what would run, what was tried, what
each button does, until when and what then, buttons, small print (CARDS section 1).
"""

from collections.abc import Iterator, Mapping
from typing import Any

from approvals.categories import category
from approvals.escalation import Escalation, Json, Option
from approvals.events import canonical_text
from approvals.facts import People
from approvals.showing import Excerpt, excerpts
from approvals.tally import eligible
from approvals.words import Effect, Friction, Status
from bot.messaging import Message
from bot.slack.texts import lockscreen
from bot.slack.texts.elements import (
    Block,
    Element,
    actions,
    bullets,
    button,
    code,
    context,
    foreign,
    header,
    joined,
    json_text,
    moment,
    rich,
    text,
    who,
)
from bot.slack.texts.endings import record
from bot.slack.texts.phrases import counts, end_word, people_needed

#: Names on a card; more are a number.
MOST_NAMES = 5

#: Facts of a service, in order: label and where in the context.
_FACTS = (
    ("Impact", "user_impact"),
    ("Undo", "rollback"),
    ("Error", "error"),
    ("State", "system_state"),
    ("Changed", "recent_changes"),
    ("Affects", "affected_services"),
)
_NOT_GIVEN = (("impact", "user_impact"), ("undo", "rollback"), ("runbook", "runbook"))


def card(e: Escalation, people: People, *, channel: bool) -> Message:
    """The card as it should look now."""
    if e.status is Status.PENDING:
        blocks = [*_question(e, people), *_choice(e, people, channel=channel)]
        said = lockscreen.pending(e, channel=channel)
    else:
        blocks = [_row1(e), header(e.title), *record(e, people), *_ran(e), *_after(e)]
        said = lockscreen.ended(e, channel=channel)
    return Message(text=said, blocks=(*blocks, small_print(e)))


def _row1(e: Escalation) -> Block:
    first = end_word(e)
    was = "" if e.status is Status.PENDING else f" · was {e.severity.upper()}"
    line = f"{first}{was} · {e.environment} · {category(e.category).name}"
    return context(line, "row1")


def _question(e: Escalation, people: People) -> Iterator[Block]:
    yield _row1(e)
    yield header(e.title)
    yield rich(_asks(e, people), block_id="asks")
    facts = list(_facts(e))
    if facts:
        said = [text(f"{e.service} says", bold=True)]
        yield rich(said, *facts, block_id="facts")
    yield rich(*_would_run(e), block_id="operation")
    tried = list(_tried(e))
    if tried:
        yield rich([text("Tried", bold=True)], bullets(tried), block_id="tried")


def _asks(e: Escalation, people: People) -> list[Element]:
    wants = " and ".join(f"{r.needed} of {r.group}" for r in e.plan.requirements)
    needed = people_needed(e)
    if needed > sum(r.needed for r in e.plan.requirements):
        wants = f"{needed} of {e.plan.requirements[0].group}"
    rule = [text(f' Rule "{e.plan.rule}" wants {wants}.')]
    asked = e.requester
    if asked is None:
        return [text(f"{e.service} asks. No person named."), *rule]
    shown = who(asked.person, people) if asked.person else text(asked.name or asked.id)
    never = [text(" "), shown, text(" cannot count as one.")] if needed > 1 else []
    return [text(f"{e.service} asks, for "), shown, text("."), *rule, *never]


def _facts(e: Escalation) -> Iterator[list[Element]]:
    for label, key in _FACTS:
        if e.context.get(key):
            yield [text(f"{label}  "), foreign(fact_text(e.context[key]))]
    missing = [label for label, key in _NOT_GIVEN if not e.context.get(key)]
    if missing:
        yield [text(f"Not given: {', '.join(missing)}", italic=True)]


def fact_text(value: Json) -> str:
    """A fact of any shape as one line."""
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        if "message" in value or "type" in value:
            return ": ".join(str(value[k]) for k in ("type", "message") if value.get(k))
        return ", ".join(
            f"{k} {v if isinstance(v, str | int) else canonical_text(v)}" for k, v in value.items()
        )
    if isinstance(value, list):
        return ", ".join(fact_text(item) for item in value)
    return str(value)


def _would_run(e: Escalation) -> Iterator[Any]:
    yield [text("What would run", bold=True)]
    for part, shown in excerpts(e):
        option = e.option(part.option)
        if option is not None:
            yield [foreign(option.label)]
        yield code("\n".join(_lines(shown)))
        if not shown.is_whole:
            seen = len(shown.head) + len(shown.tail)
            said = f"Showing {seen} of {shown.total} lines. A release button opens all of it first."
            yield [text(said, bold=True)]


def _lines(shown: Excerpt) -> list[str]:
    between = [f"… {shown.hidden} lines not shown here …"] if shown.hidden else []
    return [*shown.head, *between, *shown.tail]


def _tried(e: Escalation) -> Iterator[list[Element]]:
    attempts = e.context.get("attempts") or []
    for attempt in attempts[-3:]:
        line = [foreign(str(attempt.get("action", "")), 120)]
        if attempt.get("error"):
            line += [text(": "), foreign(str(attempt["error"]), 120)]
        yield line
    if len(attempts) > 3:
        yield [text(f"and {len(attempts) - 3} earlier")]


def _choice(e: Escalation, people: People, *, channel: bool) -> Iterator[Block]:
    yield rich(bullets(_does(e, o) for o in e.options), block_id="options")
    nothing = category(e.category).nothing
    until = [text("Decide by "), moment(e.deadline_at), text(f". No decision: aborted, {nothing}.")]
    lines = [until, _needs(e, people)] if channel else [until]
    yield rich(*lines, block_id="until")
    yield buttons(e)


def _does(e: Escalation, option: Option) -> list[Element]:
    said: list[Element] = [foreign(option.label, 75), text(": ")]
    if option.description:
        said += [foreign(option.description, 150), text(" ")]
    if option.effect is Effect.ABORT:
        return [*said, text(f"aborts; {category(e.category).nothing}. One person is enough.")]
    if option.friction is Friction.TAP:
        return [*said, text("one tap.")]
    typed = " and to type the target" if option.friction is Friction.TYPED else ""
    return [*said, text(f"Cannot be undone: asks you why{typed}.")]


def _needs(e: Escalation, people: People) -> list[Element]:
    voted = {v.person for v in e.votes if v.void is None}
    may = [p for p in eligible(e, people) if p not in voted]
    if len(may) > MOST_NAMES:
        left: list[Element] = [text(f"{len(may)} people may still decide.")]
    else:
        left = [text("May decide: "), *joined(who(p, people) for p in may), text(".")]
    return [text(f"{counts(e)}. "), *_so_far(e, people), *left]


def _so_far(e: Escalation, people: People) -> Iterator[Element]:
    for vote in e.votes:
        if vote.void is None:
            yield who(vote.person, people)
            yield text(" ")
            yield moment(vote.at)
            yield text(" ")
            yield foreign(vote.rationale, 120) if vote.rationale else text("no reason given")
            yield text(". ")


def value_of(e: Escalation, option: str = "") -> str:
    """What a button carries: which escalation, option, drawing and digest."""
    digest = e.digest.removeprefix("sha256:")[:16]
    return json_text({"e": e.id, "o": option, "s": e.shown, "d": digest})


def buttons(e: Escalation) -> Block:
    """One button an option, in the request's order, then Details. None is recommended."""
    target = (e.operation.target if e.operation else None) or e.service
    made = [
        button(
            o.label,
            f"vote:{o.key}",
            value_of(e, o.key),
            spoken=f"{o.label[:40]}: {target}, {e.environment[:12]}",
            danger=o.irreversible,
        )
        for o in e.options
    ]
    return actions([*made, _details(e)], "choose")


def _details(e: Escalation) -> Element:
    return button("Details", "details", value_of(e))


def _ran(e: Escalation) -> Iterator[Block]:
    """What ran, or would have."""
    chosen = e.decision.option if e.decision else None
    shown = [s for part, s in excerpts(e) if part.option in (None, chosen)]
    if shown and e.status is Status.APPROVED:
        yield rich(*(code("\n".join(_lines(s))) for s in shown), block_id="operation")


def _after(e: Escalation) -> Iterator[Block]:
    stop = [button("Stop it", "stop", value_of(e))] if e.can_be_stopped else []
    yield actions([*stop, _details(e)], "after")


def small_print(e: Escalation) -> Block:
    """Short id, digest, policy, hidden values; and the deciding head when it is over."""
    hidden = len(e.operation.redacted if e.operation else ()) + len(e.context_redacted)
    line = f"{e.id[-6:]} · {e.digest[:15]}… · policy {e.plan.policy_version[7:13]}"
    line += f" · {hidden} values hidden"
    if e.decision is not None:
        line += f" · head {e.decision.head.removeprefix('sha256:')[:8]}…"
    return context(line, "print")
