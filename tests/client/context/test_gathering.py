"""What people get to judge by: each thing in the field of the contract it belongs to."""

import asyncio
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from andon.context import Attempt, Context
from andon.context.collecting import Collecting
from andon.context.shapes import FIELDS

from bot.api.models import ContextIn
from tests.client.people import START, never

SECRET = "gh" + "p_" + "a1B2" * 9


def bare(**more: Any) -> Context:
    """A context that collects nothing by itself but the error and Python's version."""
    return Context(**{"host": False, "commits": 0, "packages": ()} | more)


def caught(error: Exception) -> Exception:
    """The error, raised once."""
    try:
        raise error
    except type(error) as raised:
        return raised


def fails() -> Any:
    raise ConnectionError("refused")


def test_the_fields_are_those_of_the_contract() -> None:
    assert {"error", "attempts", *FIELDS} == set(ContextIn.model_fields)


def test_the_server_takes_everything_that_is_collected(tmp_path: Path) -> None:
    context = Context(environment=["HOME"], rollback="none", links=[{"url": "https://a.example"}])
    context.collects("affected_services")(lambda: ("shop", "search\nindex"))
    context.collects("runbook")(lambda: "https://wiki.example/sync")
    context.collects("user_impact")(fails)
    attempts = [Attempt(at=START, action=f"attempt {n}", error=OSError("x")) for n in range(150)]
    collected = context.collected(caught(ValueError("bad")), attempts)
    ContextIn.model_validate_json(json.dumps(collected))
    kept = [attempt["action"] for attempt in collected["attempts"]]
    assert (len(kept), kept[0], kept[1], kept[-1]) == (
        100, "attempt 0", "attempt 51", "attempt 149"
    )  # fmt: skip
    assert collected["affected_services"] == ["shop", "search index"]


def test_what_was_not_collected_is_said_and_the_rest_is_there() -> None:
    context = bare(runbook="https://wiki.example/sync")
    context.collects("user_impact", name="carts")(fails)
    context.collects("system_state")(lambda: {"queue": 41})
    context.collects("links")(lambda: "no link")
    collected = context.collected()
    assert collected["runbook"] == "https://wiki.example/sync"
    assert collected["system_state"] == {
        "queue": 41,
        "not collected": "carts: ConnectionError: refused; "
        "<lambda>: it takes links, each with title and url",
    }
    assert "user_impact" not in collected


def test_when_everything_hangs_only_lines_are_left() -> None:
    context = bare(collecting=Collecting(wait=never))
    collected = context.collected(ValueError("bad"), [Attempt(at=START, action="attempt 1")])
    assert collected["attempts"] == [{"at": "2026-11-12T21:30:00.000Z", "action": "attempt 1"}]
    assert set(collected) <= {"attempts", "system_state", "configuration", "error"}


async def test_a_coroutine_function_runs_on_the_callers_loop() -> None:
    context, here = bare(), asyncio.get_running_loop()

    @context.collects("user_impact")
    async def carts() -> str:
        return str(asyncio.get_running_loop() is here)

    assert (await context.acollected())["user_impact"] == "True"


async def test_a_coroutine_that_will_not_end_is_left_behind() -> None:
    context, release = bare(within_s=0.01), asyncio.Event()

    @context.collects("user_impact")
    async def stubborn() -> None:
        while not release.is_set():
            try:
                await release.wait()
            except asyncio.CancelledError:
                continue

    collected = await context.acollected()
    release.set()
    assert "stubborn: no answer within 0.01 s" in collected["system_state"]["not collected"]


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (LookupError("carts"), "carts: LookupError: carts"),
        (asyncio.CancelledError(), "carts: asyncio.exceptions.CancelledError"),
    ],
)
async def test_a_coroutine_that_raises_has_its_line(error: BaseException, line: str) -> None:
    context = bare()

    @context.collects("user_impact")
    async def carts() -> None:
        raise error

    assert (await context.acollected())["system_state"] == {"not collected": line}


def test_secrets_do_not_leave(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DB_PASSWORD", "hunter22")
    monkeypatch.setenv("REGION", "eu")
    monkeypatch.setenv("OTHER", "never named")
    context = bare(environment=["DB_PASSWORD", "REGION", "ABSENT"], rollback=f"use {SECRET}")
    context.collects("user_impact")(lambda: caught(OSError(SECRET)) and fails_with(SECRET))
    attempts = [Attempt(at=START, action="attempt 1", error=OSError(f"token={SECRET}"))]
    collected = context.collected(caught(ValueError(f"postgresql://app:{SECRET}@db/x")), attempts)
    said = json.dumps(collected)
    assert SECRET not in said
    assert "never named" not in said
    assert collected["configuration"]["environment"] == {
        "DB_PASSWORD": "[hidden]", "REGION": "eu", "ABSENT": "(not set)"
    }  # fmt: skip


def fails_with(text: str) -> Any:
    raise RuntimeError(text)


def test_versions_are_of_what_the_error_came_through() -> None:
    from pydantic import TypeAdapter, ValidationError

    with pytest.raises(ValidationError) as raised:
        TypeAdapter(int).validate_python("x")
    versions = Context(host=False, commits=0).collected(raised.value)["configuration"]["versions"]
    assert {"python", "pydantic"} <= set(versions)


def test_versions_of_named_packages() -> None:
    versions = bare(packages=["pydantic", "no-such-thing"]).collected()["configuration"]["versions"]
    assert versions["no-such-thing"] == "(not installed)"
    assert versions["pydantic"][0].isdigit()


def test_the_last_commits_are_told_where_there_is_a_checkout(tmp_path: Path) -> None:
    def git(*words: str) -> None:
        subprocess.run(
            ["git", "-C", str(tmp_path), "-c", "user.name=Priya", "-c", "user.email=p@x", *words],
            check=True,
            capture_output=True,
        )

    git("init", "-q")
    git("commit", "-q", "--allow-empty", "-m", "Drop the legacy code")
    (tmp_path / "inner").mkdir()
    changes = bare(commits=3, checkout=tmp_path / "inner").collected()["recent_changes"]
    assert len(changes) == 1
    assert changes[0].endswith("Drop the legacy code (Priya)")


def test_no_checkout_no_line(tmp_path: Path) -> None:
    assert "recent_changes" not in bare(commits=3, checkout=tmp_path).collected()


def test_a_broken_checkout_has_its_line(tmp_path: Path) -> None:
    (tmp_path / ".git").write_text("gitdir: /nowhere")
    said = bare(commits=3, checkout=tmp_path).collected()["system_state"]["not collected"]
    assert said.startswith("commits: OSError: fatal: not a git repository")


def test_the_host_says_where_it_happened() -> None:
    state = Context(commits=0).collected()["system_state"]
    assert {"host", "process", "disk"} <= set(state)


@pytest.mark.parametrize("field", ["error", "attempts", "impact"])
def test_a_field_that_is_none_is_refused_where_it_is_written(field: str) -> None:
    with pytest.raises(ValueError, match="is no field of the context"):
        Context().collects(field)
    with pytest.raises(ValueError, match="is no field of the context"):
        Context(**{field: "x"})


def test_a_known_value_of_another_shape_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="begins with https"):
        Context(runbook="the wiki")
