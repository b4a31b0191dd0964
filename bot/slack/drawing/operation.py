"""What would run, drawn: in part on a card, whole in a modal."""

from collections.abc import Iterator

from approvals.escalation import Escalation
from approvals.showing import Excerpt, Part, excerpts, parts
from approvals.words import Effect
from bot.slack.drawing.closely import MOST, look_closely
from bot.slack.drawing.spans import Block, Element, bold, one_line, preformatted, rich, section

#: Characters of one box; a long operation is several boxes.
BOX = 3000

#: Words that Details names as to be looked at closely.
MOST_CLOSELY = 100


def on_card(e: Escalation, heading: str, only: str | None = None) -> list[Element]:
    """Head and tail of everything that would run; `only` one option's part and the operation's."""
    found = [section((bold(heading),))]
    shown = [(p, x) for p, x in excerpts(e) if only is None or p.option in (None, only)]
    for part, excerpt in shown:
        if part.option is not None and only is None:
            found.append(_label(e, part))
        found.append(preformatted(_text(excerpt)))
        if not excerpt.is_whole:
            found.append(section((_left_out(excerpt),)))
    if only is None and any(part.option for part, _ in shown):
        found += _nothing(e)
    return [*found, *look_closely(e)]


def _label(e: Escalation, part: Part) -> Element:
    option = e.option(part.option)
    return section((bold(one_line(option.label if option else str(part.option))),))


def _nothing(e: Escalation) -> list[Element]:
    """Where options run different things, those that run nothing say so."""
    return [
        section((bold(one_line(o.label)),), ("Nothing runs.",))
        for o in e.options
        if o.effect is Effect.ABORT
    ]


def _text(excerpt: Excerpt) -> str:
    lines = list(excerpt.head)
    if excerpt.hidden:
        lines += [f"… {excerpt.hidden:,} lines not shown here …", *excerpt.tail]
    return "\n".join(lines)


def _left_out(excerpt: Excerpt) -> str:
    shown = len(excerpt.head) + len(excerpt.tail)
    if excerpt.hidden:
        said = f"Showing {shown} of {excerpt.total:,} lines."
    else:
        said = "Some lines are longer than shown."
    return f"{said} A release button opens all of it first."


def lines_of(e: Escalation, option: str | None) -> int:
    """How many lines would run with that option."""
    return sum(len(p.text.splitlines()) for p in _of(e, option))


def whole(e: Escalation, option: str | None) -> list[Block]:
    """All that would run with that option; None means with any. Boxes of at most 3,000 characters.

    Together they hold every character; nothing is ever left out here. What to look at closely is
    named below them.
    """
    found: list[Block] = []
    for n, part in enumerate(_of(e, option)):
        head = [_label(e, part)] if part.option and option is None else []
        for m, box in enumerate(boxes(part.text)):
            elements = [*(head if m == 0 else []), preformatted(box)]
            found.append(rich(*elements, block_id=f"run_{n}_{m}"))
    closely = look_closely(e, MOST_CLOSELY if option is None else MOST)
    return [*found, *([rich(*closely, block_id="closely")] if closely else [])]


def _of(e: Escalation, option: str | None) -> list[Part]:
    return [p for p in parts(e) if option is None or p.option in (None, option)]


def boxes(text: str, most: int = BOX) -> Iterator[str]:
    """The text in pieces that fit a box, broken at line ends where there are any."""
    while len(text) > most:
        at = text.rfind("\n", 0, most) + 1 or most
        yield text[:at].removesuffix("\n") or "\n"
        text = text[at:]
    yield text
