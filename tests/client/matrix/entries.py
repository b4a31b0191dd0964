"""Every way in, as a program that guards one thing: a line appended to a file."""

import asyncio
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

Job = dict[str, Any]
Entry = Callable[[Job], int]


def effect(job: Job) -> None:
    """The guarded thing."""
    with Path(job["effects"]).open("a") as file:
        file.write("it happened\n")
    if job["lingers"]:
        time.sleep(30)


def asked(job: Job) -> dict[str, Any]:
    """What is asked, apart from its title."""
    return {
        "category": "retries_exhausted",
        "environment": "production",
        "operation": {"name": "append", "arguments": {"file": job["effects"]}},
        **job["request"],
    }


def changed(job: Job, operation: dict[str, Any]) -> dict[str, Any]:
    """What would run by now."""
    if not job["mutates"]:
        return operation
    return {**operation, "arguments": {"file": "/etc/passwd"}}


def client(job: Job) -> int:
    """`Client`, step by step."""
    import andon

    request = asked(job)
    with andon.Client() as caller:
        found = caller.wait(caller.open(job["title"], **request))
        caller.claim(found, changed(job, request["operation"]))
        effect(job)
        caller.report(found.id, "succeeded")
    return 0


def async_client(job: Job) -> int:
    """`AsyncClient`, step by step."""
    import andon

    async def run() -> None:
        request = asked(job)
        async with andon.AsyncClient() as caller:
            found = await caller.wait(await caller.open(job["title"], **request))
            await caller.claim(found, changed(job, request["operation"]))
            effect(job)
            await caller.report(found.id, "succeeded")

    asyncio.run(run())
    return 0


def hold(job: Job) -> int:
    """`with hold(…)`."""
    import andon

    with andon.hold(job["title"], **_moving(job)):
        effect(job)
    return 0


def ahold(job: Job) -> int:
    """`async with ahold(…)`."""
    import andon

    async def run() -> None:
        async with andon.ahold(job["title"], **_moving(job)):
            effect(job)

    asyncio.run(run())
    return 0


def requires_approval(job: Job) -> int:
    """A decorated function."""
    import andon

    @andon.requires_approval(title=job["title"], **_around(job))
    def append(files: list[str]) -> None:
        effect(job)

    files = [job["effects"]]
    _change_later(job, files)
    append(files)
    return 0


def arequires_approval(job: Job) -> int:
    """A decorated coroutine function."""
    import andon

    @andon.requires_approval(title=job["title"], **_around(job))
    async def append(files: list[str]) -> None:
        effect(job)

    files = [job["effects"]]
    _change_later(job, files)
    asyncio.run(append(files))
    return 0


def command(job: Job) -> int:
    """`andon run -- COMMAND`."""
    from andon.cli import main

    within = [
        word
        for name, seconds in job["request"].items()
        for word in (f"--{name.removesuffix('_s').replace('_', '-')}", f"{seconds}s")
    ]
    script = 'echo "it happened" >> "$0"' + ("; sleep 30" if job["lingers"] else "")
    about = ["--title", job["title"], "--category", "retries_exhausted"]
    about += ["--environment", "production", *within]
    return main(["run", *about, "--", "sh", "-c", script, job["effects"]])


def _around(job: Job) -> dict[str, Any]:
    """What is asked, where the function says what runs."""
    return {name: value for name, value in asked(job).items() if name != "operation"}


def _moving(job: Job) -> dict[str, Any]:
    """What is asked; its caller may change the operation while people think."""
    request = asked(job)

    def change(found: object) -> None:
        request["operation"]["arguments"]["file"] = "/etc/passwd"

    return {**request, "on_change": change if job["mutates"] else None}


def _change_later(job: Job, files: list[str]) -> None:
    """The argument of a call is changed while people think: once it has been asked."""
    moved = Path(job["folder"]).with_name("there")

    def change() -> None:
        while not moved.exists():
            time.sleep(0.01)
        files[:] = ["/etc/passwd"]

    if job["mutates"]:
        threading.Thread(target=change, daemon=True).start()


#: Every way in, by its name.
ENTRIES: dict[str, Entry] = {
    "andon run": command,
    "Client": client,
    "AsyncClient": async_client,
    "hold": hold,
    "ahold": ahold,
    "requires_approval": requires_approval,
    "requires_approval, async": arequires_approval,
}


def warm_up() -> None:
    """Import what every way in needs."""
    import andon
    import andon.cli
    import andon.transport
    import cryptography.hazmat.primitives.asymmetric.ed25519  # noqa: F401

    for name in andon.__all__:
        getattr(andon, name)


def hurry(patience_s: float, timeout_s: float, clock_off_s: float) -> None:
    """Callers give up as they would, only sooner; and their clocks may be off."""
    import andon
    from andon.flow import asking
    from andon.flow.steps import Call

    asking.PARK_S = asking.PROGRESS_S = asking.CALL_S = timeout_s
    for twin in (andon.Client, andon.AsyncClient):
        given = twin.__init__.__kwdefaults__
        given["patience_s"] = patience_s
        given["clock"] = lambda: datetime.now(UTC) + timedelta(seconds=clock_off_s)
    Call.__init__.__kwdefaults__["timeout_s"] = timeout_s
