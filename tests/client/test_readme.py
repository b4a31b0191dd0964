"""Every example of the client's README runs, against the fake."""

import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import andon
import pytest
from andon.testing import FakeAndon

from tests.building import ROOT

README = (ROOT / "client" / "README.md").read_text(encoding="utf-8")
SECTION = re.compile(r"^(#{2,3}) (.+)$", re.M)
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.M | re.S)


def blocks() -> list[Any]:
    """Each example, named by the heading above it and its number."""
    found = []
    for at, block in enumerate(BLOCK.finditer(README)):
        heads = [h for h in SECTION.finditer(README) if h.start() < block.start()]
        name = f"{heads[-1][2] if heads else 'first'} {at}"
        found.append(pytest.param(block[1], README[: block.start()].count("\n") + 2, id=name))
    return found


async def _nothing(*args: Any, **more: Any) -> None:
    """Stands for what the reader's own code does."""


def world() -> dict[str, Any]:
    """What the examples take for granted."""
    return {
        "andon": andon,
        "Decimal": Decimal,
        "Path": Path,
        "run_migration": lambda *args: None,
        "bank": lambda *args: "paid",
        "sync": lambda *args: None,
        "__name__": "example",
    }


@pytest.mark.parametrize(("code", "line"), blocks())
async def test_an_example_runs(
    andon_fake: FakeAndon, code: str, line: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As it stands there, its awaits included."""
    import ast
    import inspect

    monkeypatch.chdir(tmp_path)
    made = compile(
        "\n" * (line - 1) + code, "client/README.md", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    )
    running = eval(made, world())  # noqa: S307  our own README
    if inspect.isawaitable(running):
        await running


def test_there_are_examples() -> None:
    """So that an empty README does not pass."""
    assert len(blocks()) >= 6
