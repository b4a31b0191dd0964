"""Details: everything there is to know, in pages, never a silent end (CARDS section 8)."""

from collections.abc import Iterator, Sequence

from approvals.escalation import Escalation
from approvals.events import canonical_text
from approvals.facts import People
from approvals.ports import Card, Delivery
from approvals.showing import parts, visible
from bot.slack.texts.elements import Block, actions, button, code, json_text, moment, rich, text
from bot.slack.texts.modals import CHUNK, View, modal
from bot.slack.texts.phrases import name, option_label

#: Blocks of content a page; Slack takes 100 in all, and 250 kB.
BLOCKS = 30


def details(
    e: Escalation,
    people: People,
    cards: Sequence[Card],
    deliveries: Sequence[Delivery],
    meta: str,
    page: int,
) -> View:
    """One page of everything."""
    blocks = [
        {**block, "block_id": f"b{n}"}
        for n, block in enumerate(_everything(e, people, cards, deliveries))
    ]
    pages = max(1, -(-len(blocks) // BLOCKS))
    page = min(max(1, page), pages)
    shown: list[Block] = blocks[(page - 1) * BLOCKS : page * BLOCKS]
    if pages > 1:
        shown.append(rich([text(f"Page {page} of {pages}")], block_id="pages"))
        turns = [(p, w) for p, w in ((page - 1, "Back a page"), (page + 1, "Next page"))]
        offered = [
            button(word, f"details_page:{p}", json_text({"e": e.id}))
            for p, word in turns
            if 1 <= p <= pages
        ]
        shown.append(actions(offered, "turn"))
    return modal("details", "Details", shown, meta)


def _everything(
    e: Escalation, people: People, cards: Sequence[Card], deliveries: Sequence[Delivery]
) -> Iterator[Block]:
    yield from _section("Operation", f"{e.operation.name if e.operation else ''}\n{e.digest}")
    for part in parts(e):
        label = option_label(e, part.option) or "What would run"
        yield from _section(label, part.text)
    for vote in e.votes:
        counts = "" if vote.void is None else f" (no longer counts: {vote.void})"
        said = vote.rationale or "no reason given"
        label = f"{name(vote.person, people)}: {option_label(e, vote.option)}{counts} "
        yield rich(
            [text(label, bold=True), moment(vote.at), text(f" «{visible(said)}»")], block_id="vote"
        )
    if e.summary:
        yield from _section("Summary", visible(e.summary))
    for key, value in e.context.items():
        said = value if isinstance(value, str) else _readable(value)
        yield from _section(key.replace("_", " ").capitalize(), visible(said))
    yield from _section("Sent", _sent(cards, deliveries, people))
    yield from _section(f'Rule "{e.plan.rule}"', e.plan.policy_text or "named by the request")
    hidden = (*(e.operation.redacted if e.operation else ()), *e.context_redacted)
    yield from _section("Hidden values", "\n".join(hidden) or "none")
    curl = f'curl -H "Authorization: Bearer $KEY" $ANDON_URL/v1/escalations/{e.id}'
    yield from _section("Read it", f"{e.id}\n{curl}")


def _section(label: str, said: str) -> Iterator[Block]:
    yield rich([text(visible(label), bold=True)], block_id="label")
    for at in range(0, max(1, len(said)), CHUNK):
        yield rich(code(said[at : at + CHUNK]), block_id="text")


def _readable(value: object) -> str:
    if isinstance(value, dict) and isinstance(value.get("traceback"), str):
        first = ": ".join(str(value[k]) for k in ("type", "message") if value.get(k))
        lines = value["traceback"].rstrip().splitlines()
        return "\n".join((first, "last line first:", *reversed(lines)))
    return canonical_text(value)


def _sent(cards: Sequence[Card], deliveries: Sequence[Delivery], people: People) -> str:
    lines = []
    for card in cards:
        to = name(card.target, people) if card.surface == "direct" else card.target
        at = card.posted_at.strftime("%H:%M:%S UTC") if card.posted_at else "not yet"
        lines.append(f"card to {to}: {at}{f' ({card.error})' if card.error else ''}")
    lines += [
        f"{d.kind} {d.target}: {d.state}{f' ({d.error})' if d.error else ''}"
        for d in deliveries
        if d.kind != "answer"
    ]
    return "\n".join(lines) or "nothing yet"
