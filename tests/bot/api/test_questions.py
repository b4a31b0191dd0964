"""Questions over HTTP: they reach whoever waits, and are answered beside context or alone."""

import asyncio
from typing import Any

import pytest

from tests.bot.api.conftest import World


async def test_a_question_wakes_who_waits_for_the_next_version(world: World) -> None:
    made = await world.open()
    waiting = asyncio.create_task(world.read(made["id"], Prefer="wait=30", If_None_Match='"1"'))
    await world.ask(made["id"], "is it tested?")
    told = await waiting
    (question,) = told["questions"]
    assert (told["status"], told["version"]) == ("pending", 2)
    assert {k: v for k, v in question.items() if k != "id"} == {
        "by": "sam",
        "text": "is it tested?",
        "at": "2026-11-12T21:30:00.000000Z",
        "answer": None,
        "answered_by": None,
        "answered_at": None,
    }


async def test_the_service_answers_beside_more_context(world: World) -> None:
    made = await world.open()
    await world.ask(made["id"])
    path = f"/v1/escalations/{made['id']}/context"
    body = {"answer": " yes, on staging ", "rollback": "alembic downgrade -1"}
    response = await world.call("POST", path, body)
    told = await response.json()
    assert (response.status, told["context"]) == (200, {"rollback": "alembic downgrade -1"})
    (question,) = told["questions"]
    assert (question["answer"], question["answered_by"]) == (
        "yes, on staging",
        "service:data-sync",
    )
    assert question["answered_at"] == "2026-11-12T21:30:00.000000Z"
    assert (await world.call("POST", path, body)).status == 200


async def test_one_question_of_several_is_answered_by_its_id(world: World) -> None:
    made = await world.open()
    await world.ask(made["id"], "is it tested?")
    await world.ask(made["id"], "by whom?", "UPRIYA")
    second = (await world.read(made["id"]))["questions"][1]["id"]
    path = f"/v1/escalations/{made['id']}/context"
    told = await (await world.call("POST", path, {"answer": "Ben", "question": second})).json()
    assert [q["answer"] for q in told["questions"]] == [None, "Ben"]
    told = await (await world.call("POST", path, {"answer": "yes"})).json()
    assert [q["answer"] for q in told["questions"]] == ["yes", "Ben"]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"answer": ""}, "/answer"),
        ({"answer": None}, "/answer"),
        ({"answer": "x" * 1001}, "/answer"),
        ({"question": "que_1"}, "/question"),
        ({"answer": "yes", "rolback": "x"}, "/rolback"),
    ],
)
async def test_a_wrong_answer_is_named_by_its_place(
    world: World, body: dict[str, Any], pointer: str
) -> None:
    made = await world.open()
    await world.ask(made["id"])
    response = await world.call("POST", f"/v1/escalations/{made['id']}/context", body)
    assert response.status == 422
    assert {e["pointer"] for e in (await response.json())["errors"]} == {pointer}


async def test_an_answer_needs_its_question(world: World) -> None:
    made = await world.open()
    path = f"/v1/escalations/{made['id']}/context"

    async def answered(**body: str) -> tuple[int, str]:
        response = await world.call("POST", path, body)
        return response.status, (await response.json()).get("type", "")

    assert await answered(answer="yes") == (409, "/problems/no-question")
    await world.ask(made["id"])
    assert await answered(answer="yes", question="que_9") == (409, "/problems/no-question")
    assert await answered(answer="yes") == (200, "")
    assert await answered(answer="yes") == (200, "")
    assert await answered(answer="no") == (409, "/problems/already-answered")


async def test_a_refused_answer_leaves_the_context_as_it_was(world: World) -> None:
    made = await world.open()
    body = {"answer": "yes", "rollback": "none"}
    await world.call("POST", f"/v1/escalations/{made['id']}/context", body)
    assert (await world.read(made["id"]))["context"] == {}


async def test_of_what_is_over_nothing_is_answered(world: World) -> None:
    made = await world.open()
    await world.ask(made["id"])
    await world.approve(made["id"])
    response = await world.call("POST", f"/v1/escalations/{made['id']}/context", {"answer": "yes"})
    assert (response.status, (await response.json())["type"]) == (409, "/problems/already-terminal")


async def test_no_secret_of_an_answer_is_kept(world: World) -> None:
    made = await world.open()
    await world.ask(made["id"])
    path = f"/v1/escalations/{made['id']}/context"
    body = {"answer": "use password=hunter2", "configuration": {"db_password": "abc123def"}}
    told = await (await world.call("POST", path, body)).json()
    assert told["questions"][0]["answer"] == "use password=[hidden: password]"
    assert told["context"]["configuration"] == {"db_password": "[hidden: db_password]"}
    files = [file.read_bytes() for file in world.folder.glob("andon.db*")]
    assert not any(b"hunter2" in data or b"abc123def" in data for data in files)
