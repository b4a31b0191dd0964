"""docs/api.md is run: every example against a live server, in its order; every problem named."""

import json
import re
from typing import Any

import pytest

from bot.api.routes import ROUTES
from tests.bot.api.conftest import World
from tests.building import ROOT, a_vote

TEXT = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
STEPS = re.findall(r"```http\n(.*?)```\s+```json\n(.*?)```|<!-- (sam \w+) -->", TEXT, re.S)
SOURCES = "\n".join(
    file.read_text(encoding="utf-8") for file in sorted((ROOT / "bot" / "api").glob("*.py"))
)


def differs(expected: Any, given: Any, at: str = "") -> list[str]:
    """Where the answer is not what the example shows; `…` stands for anything."""
    if expected == "…":
        return [] if given else [f"{at} is empty"]
    if isinstance(expected, dict):
        return [
            d for k, v in expected.items() for d in differs(v, (given or {}).get(k), f"{at}/{k}")
        ]
    if isinstance(expected, list):
        if len(expected) != len(given or []):
            return [f"{at} has {len(given or [])} items"]
        pairs = enumerate(zip(expected, given, strict=True))
        return [d for n, (e, g) in pairs for d in differs(e, g, f"{at}/{n}")]
    return [] if expected == given else [f"{at} is {given!r}, not {expected!r}"]


async def approves(world: World, known: dict[str, str]) -> None:
    """Sam says yes."""
    await world.store.writer.submit(a_vote(known["$ID"], digest=known["$DIGEST"]))


async def asks(world: World, known: dict[str, str]) -> None:
    """Sam wants to know more."""
    await world.ask(known["$ID"], "Since when, and is it only web-3?")


SAM = {"sam approves": approves, "sam asks": asks}


async def test_the_examples_do_what_they_say(world: World) -> None:
    known = {"$ID": "", "$DIGEST": ""}
    assert len(STEPS) >= 11
    for asked, answered, act in STEPS:
        if act:
            await SAM[act](world, known)
            continue
        for name, value in known.items():
            asked = asked.replace(name, value)
        head, _, body = asked.partition("\n\n")
        line, *headers = head.strip().splitlines()
        method, path = line.split(" ")
        sent = dict(h.split(": ", 1) for h in headers)
        response = await world.call(method, path, json.loads(body) if body else None, **sent)
        status, _, shown = answered.partition("\n")
        assert response.status == int(status), (line, await response.text())
        told = await response.json() if shown.strip() else {}
        assert differs(json.loads(shown or "{}"), told) == [], line
        if response.status == 201:
            known = {"$ID": told["id"], "$DIGEST": told["digest"]}


def test_every_problem_stands_in_the_document_and_every_one_there_exists() -> None:
    stopped = r'(?:(?:stop|problem)\(\s*(?:\d{3}|status)|_not_now\(request),\s*"([a-z-]+)"'
    raised = set(re.findall(stopped, SOURCES))
    raised |= set(re.findall(r'^    \d{3}: \("([a-z-]+)"', SOURCES, re.M)) | {"malformed"}
    refused = set(re.findall(r"^    Why\.([A-Z_]+): \(", SOURCES, re.M))
    from approvals.refusals import Why

    raised |= {Why[name].value for name in refused}
    assert set(re.findall(r"^\| `/problems/([a-z-]+)` \|", TEXT, re.M)) == raised


@pytest.mark.parametrize("scope", sorted({r.scope for r in ROUTES if r.scope} | {"audit", "admin"}))
def test_every_scope_is_explained(scope: str) -> None:
    assert f"| `{scope}` |" in TEXT
