"""Modals: each names the consequence, asks as much as needed, and its submit says what happens."""

from collections.abc import Iterator, Sequence

from approvals.categories import category
from approvals.escalation import Escalation, Option
from approvals.refusals import Refusal, Why
from approvals.showing import parts
from approvals.tally import standing_shown
from approvals.typing_target import word_to_type
from approvals.words import Effect, Friction
from bot.slack.texts.elements import (
    Block,
    Element,
    code,
    cut,
    foreign,
    json_text,
    moment,
    plain,
    rich,
    text,
)

#: Slack's limits of a modal's title and buttons, and of one preformatted block of ours.
TITLE, CHUNK = 24, 2900

#: Characters of a reason.
LEAST, MOST = 3, 1000

#: Chips of an abort (value, label).
CHIPS = (
    ("I do it by hand", "I do it by hand"),
    ("Wrong target", "Wrong target"),
    ("Not now", "Not now"),
    ("Not enough information", "Not enough information"),
    ("Other", "Other"),
)

View = dict[str, object]


def modal(
    callback: str, title: str, blocks: Sequence[Block], meta: str, submit: str | None = None
) -> View:
    """A modal view."""
    view: View = {
        "type": "modal",
        "callback_id": callback,
        "title": plain(title, TITLE),
        "close": plain("Back" if submit else "Close", TITLE),
        "private_metadata": meta,
        "blocks": list(blocks),
    }
    if submit:
        view["submit"] = plain(submit, TITLE)
    return view


def metadata(e: Escalation, option: str, shown: int, channel: str | None, ts: str | None) -> str:
    """What a modal carries back: what was shown, and where it was opened from."""
    digest = e.digest.removeprefix("sha256:")[:16]
    return json_text({"e": e.id, "o": option, "s": shown, "d": digest, "c": channel, "t": ts})


def vote_modal(e: Escalation, option: Option, meta: str) -> View:
    """The modal of a release or of an abort."""
    if option.effect is Effect.ABORT:
        return _abort(e, meta)
    stands = standing_shown(e, option)
    blocks = [
        rich(_consequence(e, option, stands.have, stands.needed), block_id="consequence"),
        *_runs(e, option),
        *_asked(e, option),
        _foot(e),
    ]
    several = stands.needed > 1
    submit = f"Agree ({stands.have + 1} of {stands.needed})" if several else option.label
    if len(submit) > TITLE:
        submit = submit.split(" (")[0].split(",")[0]
    return modal("vote", f"{cut(option.label.split(',')[0], TITLE - 1)}?", blocks, meta, submit)


def _consequence(e: Escalation, option: Option, have: int, needed: int) -> list[Element]:
    said: list[Element] = []
    if option.irreversible:
        said.append(text("This cannot be undone. ", bold=True))
    if needed > 1:
        more = needed - have - 1
        said.append(text(f"You would be person {have + 1} of {needed}"))
        said.append(text(f": nothing runs until {more} more agree. " if more > 0 else ". "))
    if option.description:
        said += [text(f"{e.service} says: "), foreign(option.description, 500)]
    return said or [text(f"{e.service} may run this at once.")]


def _runs(e: Escalation, option: Option) -> Iterator[Block]:
    """The whole of what would run: nothing is decided about what was not shown."""
    yield rich([text(f"Runs in {e.environment}, at once:")], block_id="runs")
    n = 0
    for part in parts(e):
        if part.option not in (None, option.key):
            continue
        for at in range(0, max(1, len(part.text)), CHUNK):
            yield rich(code(part.text[at : at + CHUNK]), block_id=f"run{n}")
            n += 1


def _asked(e: Escalation, option: Option) -> Iterator[Block]:
    if option.friction is Friction.TYPED:
        word = word_to_type(e)
        hint = "Capitals and spaces around it do not matter."
        yield _input("typed", f"Type {word}", hint=hint, most=100)
    if option.friction is not Friction.TAP:
        yield _reason(category(e.category).question, e)


def _reason(label: str, e: Escalation, *, optional: bool = False) -> Block:
    hint = f"Kept with your name. {e.service} and whoever asked will read it."
    least = 0 if optional else LEAST
    return _input(
        "reason", label, hint=hint, most=MOST, least=least, multiline=True, optional=optional
    )


def _input(
    name: str,
    label: str,
    *,
    hint: str,
    most: int,
    least: int = 0,
    multiline: bool = False,
    optional: bool = False,
) -> Block:
    """A field. Its length is checked by the core, so that what was typed is never lost."""
    element: Element = {"type": "plain_text_input", "action_id": name, "multiline": multiline}
    return {
        "type": "input",
        "block_id": name,
        "label": plain(label, 150),
        "hint": plain(hint, 150),
        "element": element,
        "optional": optional,
    }


def _abort(e: Escalation, meta: str) -> View:
    nothing = category(e.category).nothing
    told = f"{e.service} is told: aborted; {nothing}."
    chips: Block = {
        "type": "input",
        "block_id": "chip",
        "optional": True,
        "label": plain("Reason", 150),
        "element": {
            "type": "radio_buttons",
            "action_id": "chip",
            "options": [{"text": plain(label, 75), "value": value} for value, label in CHIPS],
        },
    }
    asked = e.requester.name if e.requester and e.requester.name else e.service
    sentence = _reason(f"A sentence for {cut(asked, 60)}", e, optional=True)
    blocks = [rich([text(told)], block_id="told"), chips, sentence]
    return modal("vote", f"Abort: {nothing}", blocks, meta, "Abort it")


def ask_modal(kind: str, e: Escalation, meta: str) -> View:
    """Stop, withdraw, or add a reason."""
    if kind == "add_reason":
        return modal("add_reason", "Add a reason", [_reason("Why?", e)], meta, "Add it")
    if kind == "withdraw":
        said = rich([text("You take the question back. Nothing runs.")], block_id="told")
        blocks = [said, _reason("Why?", e, optional=True)]
        return modal("withdraw", "Withdraw?", blocks, meta, "Withdraw it")
    said = rich(
        [text(f"{e.service} has not started it. It is aborted; nothing runs.")], block_id="told"
    )
    return modal("stop", "Stop it?", [said, _reason("Why?", e, optional=True)], meta, "Stop it")


def notice(said: Sequence[Block]) -> View:
    """What became of a modal that was sent."""
    return modal("notice", "Andon", said, "{}")


def field_errors(refusal: Refusal) -> dict[str, str]:
    """What is wrong, at its field. Nothing is recorded and nothing is lost."""
    values = refusal.values
    if refusal.why is Why.WRONG_WORD:
        word = values["word"]
        return {"typed": f"That is not {word}. Look at the target again; nothing is recorded yet."}
    if refusal.why is Why.REASON_TOO_LONG:
        return {"reason": f"At most {values['most']:,} characters; this has {values['length']:,}."}
    return {"reason": "Say why in a few words. Nothing is recorded yet."}


def _foot(e: Escalation) -> Block:
    return rich(
        [text(f"{e.id[-6:]} · {e.digest[:15]}… · decide by "), moment(e.deadline_at)],
        block_id="foot",
    )
