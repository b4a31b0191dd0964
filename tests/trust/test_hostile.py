"""Hostile text through every field and every word a person types, out of every surface of Slack:
nothing of it rings, links, pretends, hides or is cut without a word.
"""

from collections.abc import Callable, Iterator
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import pytest

from approvals.showing import visible
from bot.redaction import redact_text
from bot.slack.drawing import spans
from tests.journeys.world import DATABASE, NAMES, OPERATIONS, PAYMENTS
from tests.trust.corpora.hostile import TEXTS
from tests.trust.served import Andon, andon
from tests.trust.showing import all_text, faults, of_sheet
from tests.trust.telling import Telling

Figure = Callable[[str, str], None]

PEOPLE = frozenset(f"U{name.upper()}" for name in NAMES)
ROOMS = frozenset({DATABASE, PAYMENTS, OPERATIONS})

DIGEST = '\n[digest]\nchannel = "operations"\nat = ["09:00"]\n'


class Texts:
    """Hostile texts: those first that went nowhere yet; then all of them again."""

    def __init__(self) -> None:
        self.left = [one.text for one in TEXTS]
        self._again = cycle(tuple(self.left))

    def __call__(self, most: int, *, lines: bool = False) -> str:
        def fits(text: str) -> bool:
            plain = not any(c < " " or c == "\x7f" for c in text) and bool(text.strip())
            return len(text) <= most and (lines or plain)

        fresh = next(filter(fits, self.left), None)
        if fresh is not None:
            self.left.remove(fresh)
            return fresh
        return next(filter(fits, islice(self._again, len(TEXTS))), "plain")


def wrong(made: Andon) -> list[str]:
    """Every fault of everything Slack got, each once."""
    found = [fault for sent in sent_to(made) for fault in faults(sent, PEOPLE, ROOMS)]
    return list(dict.fromkeys(found))


def sent_to(made: Andon) -> Iterator[dict[str, Any]]:
    """What was posted, whispered, opened, published, and answered to clicks and commands."""
    yield from (one for one in made.sent_to_slack() if isinstance(one, dict))


async def test_hostile_text_is_only_text_on_every_surface(
    tmp_path: Path, figure: Figure, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cards, direct messages, threads, windows, lists, Home, storms, lock screens, the digest."""
    monkeypatch.setattr("bot.slack_side.DIGEST_S", 0.2)
    async with andon(tmp_path, redact_text, DIGEST) as made:
        say = Texts()
        telling = Telling(made, say)
        await telling.everything()
        assert say.left == []
        await over_night(made)
        found, drawn = wrong(made), len(list(sent_to(made)))
        pages = [page for page in made.pager.got if visible(page["title"]) != page["title"]]
        sheets = [fault for seen in made.audited() for fault in of_sheet(*seen)]
    kinds = len({one.kind for one in TEXTS})
    figure(
        "hostile texts",
        f"{len(TEXTS)} texts of {kinds} kinds in {drawn} drawings: {len(found)} live",
    )
    assert found == []
    assert pages == []
    assert sheets == []


async def over_night(made: Andon) -> None:
    """What still waits runs out of time, and the digest tells of the day."""
    made.story.clock.move(hours=25)

    def digest() -> bool:
        return any("igest" in m.text for m in made.workspace.messages(OPERATIONS))

    await made.workspace.wait_for(digest, timeout=60)


async def test_a_button_opens_all_of_what_the_card_shows_in_part(tmp_path: Path) -> None:
    """Every line that would run stands in the window, with what is invisible in it written out."""
    sql = "\n".join(f"-- {n} {one.text}" for n, one in enumerate(TEXTS))
    async with andon(tmp_path, redact_text) as made:
        telling = Telling(made, Texts())
        body = telling.approval()
        operation = {**body["operation"], "arguments": {"sql": sql}}
        asked = await telling.ask({**body, "operation": operation})
        card = await telling.card(asked)
        assert "A release button opens all of it first." in all_text(card.blocks)
        window = await telling.window("USAM", card, "vote:go")
        shown = all_text(window.view["blocks"])
    for line in visible(redact_text(sql)).split("\n"):
        assert line.strip() in shown.replace("\n", "") or line in shown


async def test_doubtful_letters_are_named_on_card_window_and_details(tmp_path: Path) -> None:
    """`customеrs` is another table."""
    async with andon(tmp_path, redact_text) as made:
        telling = Telling(made, lambda most, lines=False: "plain")
        body = telling.approval()
        arguments = {"sql": "DROP TABLE custom\u0435rs"}
        asked = await telling.ask({**body, "operation": {"name": "x", "arguments": arguments}})
        card = await telling.card(asked)
        window = await telling.window("USAM", card, "vote:slow")
        details = await telling.window("UPRIYA", card, "details")
        drawn = [card.blocks, window.view["blocks"], details.view["blocks"]]
    said = "Look closely: «custom\u0435rs»: Cyrillic \u0435 among Latin letters."
    assert [said in all_text(blocks) for blocks in drawn] == [True, True, True]


# -- the proof can fail ---------------------------------------------------------------------------


def _as_it_is(text: str) -> str:
    return text


def _silently(text: str, most: int) -> str:
    return text[:most]


def _linked(span: spans.Span) -> dict[str, Any]:
    if "http" in span.text:
        return {"type": "link", "url": "https://evil.example", "text": span.text}
    return {"type": "text", "text": span.text}


def _tamed_not(text: str, most: int = 200) -> spans.Span:
    return spans.Span(text=f"«{spans.one_line(text, most)}»")


#: A drawing's care that is taken out, one at a time.
PLANTED: dict[str, tuple[str, Any]] = {
    "lines of cards hide characters": ("bot.slack.drawing.spans.visible", _as_it_is),
    "operations hide characters": ("approvals.showing.visible", _as_it_is),
    "the lock screen is not escaped": ("bot.slack.drawing.lockscreen.escaped", _as_it_is),
    "words are cut without a sign": ("bot.slack.drawing.spans.cut", _silently),
    "addresses become links": ("bot.slack.drawing.spans.Span.element", _linked),
    "quotations end where they like": ("bot.slack.drawing.service_says.quoted", _tamed_not),
}


@pytest.mark.parametrize("bug", PLANTED)
async def test_a_planted_carelessness_is_found(
    bug: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, instead = PLANTED[bug]
    monkeypatch.setattr(place, instead)
    async with andon(tmp_path, redact_text) as made:
        telling = Telling(made, Texts())
        for _ in range(8):
            asked = await telling.ask(telling.approval())
            await telling.card(asked)
        assert wrong(made) != []


def test_planted_carelessness_is_counted(figure: Figure) -> None:
    figure("planted bugs", f"{len(PLANTED)} careless drawings, each found")


def test_the_corpus_is_large() -> None:
    assert len({one.text for one in TEXTS}) >= 60
