"""Every way in, as a program that guards one thing: a line appended to a file."""

import asyncio
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

from tests.client.matrix.failures import Failure
from tests.client.matrix.migration import manage, upgrade

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
        "reference": job["title"],
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
    about += ["--reference", job["title"]]
    about += ["--environment", "production", "--patience", f"{job['patience_s']}s", *within]
    return main(["run", *about, "--", "sh", "-c", script, job["effects"]])


def alembic(job: Job) -> int:
    """`alembic upgrade head` with `andon.alembic.gate` in its `env.py`."""
    return upgrade(job, _around(job))


def django(job: Job) -> int:
    """`manage.py migrate` with `andon.django` among the apps."""
    return manage(job, _around(job))


def automation(job: Job) -> int:
    """A decorated recovery that the server does not let run by itself."""
    import andon

    automation = andon.Automation(patience_s=job["patience_s"])

    @automation("known_fix", title=job["title"], **_recovering(job))
    def append(files: list[str]) -> None:
        effect(job)

    files = [job["effects"]]
    _change_later(job, files)
    append(files)
    return 0


def aautomation(job: Job) -> int:
    """`async with automation.running(…)`, of what the client lets nowhere run by itself."""
    import andon

    async def run() -> None:
        files = [job["effects"]]
        _change_later(job, files)
        automation = andon.Automation(patience_s=job["patience_s"])
        append = {"name": "append", "arguments": {"files": files}}
        said = {**_recovering(job), "operation": append}
        async with automation.running("migration", title=job["title"], **said):
            effect(job)

    asyncio.run(run())
    return 0


def ask(job: Job) -> int:
    """`ask(…)`: what is done once they answered."""
    import andon

    andon.ask(job["title"], ["Append it"], **_around(job))
    effect(job)
    return 0


def aask(job: Job) -> int:
    """`aask(…)`."""
    import andon

    async def run() -> None:
        await andon.aask(job["title"], ["Append it"], **_around(job))
        effect(job)

    asyncio.run(run())
    return 0


def _around(job: Job) -> dict[str, Any]:
    """What is asked, where the function says what runs."""
    return {name: value for name, value in asked(job).items() if name != "operation"}


def _recovering(job: Job) -> dict[str, Any]:
    """What may be said of a recovery; how long people have is the policy's to say."""
    about = _around(job)
    return {name: about[name] for name in ("category", "reference")}


def _moving(job: Job) -> dict[str, Any]:
    """What is asked; its caller may change the operation while people think."""
    request = asked(job)

    def change(found: object) -> None:
        request["operation"]["arguments"]["file"] = "/etc/passwd"

    return {**request, "on_change": change if job["mutates"] else None}


def _change_later(job: Job, files: list[str]) -> None:
    """What would run is changed while people think: once it has been asked."""
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
    "alembic": alembic,
    "django": django,
    "Automation": automation,
    "Automation, async": aautomation,
    "ask": ask,
    "aask": aask,
}

#: Public names that release nothing: values, errors, calls for help, and what only looks.
RELEASE_NOTHING = frozenset(
    {"Answer", "Context", "Escalation", "FieldProblem", "Grant", "KnownError", "Money"}
    | {"Operation", "Option", "Problem", "Released", "digest_of", "verify_grant"}
    | {"AndonError", "CircuitOpenError", "ExpiredError", "GrantError", "ManualError"}
    | {"NotReleasedError", "RefusedRequestError", "RejectedError", "SettingsError", "TakenError"}
    | {"UnavailableError", "VerificationError", "WithdrawnError"}
    | {"aalert", "aescalate", "alert", "escalate", "escalate_after_retries", "with_fallbacks"}
    | {"CircuitBreaker", "ErrorRateMonitor", "HealthMonitor", "SpikeMonitor"}
)

#: A migration that was edited is asked for anew, and a row has nothing to linger over.
_MIGRATIONS = frozenset({"alembic", "django"})

#: A question runs nothing that could change, and its end is told before anybody acts on the answer.
_QUESTIONS = frozenset({"ask", "aask"})

#: How long people may take for a recovery is for the policy to say.
_RECOVERIES = frozenset({"Automation", "Automation, async"})


def concerns(failure: Failure, entry: str) -> bool:
    """Whether it can go wrong there."""
    if entry in _MIGRATIONS:
        return not (failure.mutates or failure.kill == "running")
    if entry in _QUESTIONS:
        return not (failure.mutates or failure.kill.startswith("outcome"))
    return not (entry in _RECOVERIES and failure.request)


#: What every way in needs, and loads when it is used.
_LOADED_LATE = (
    "andon.cli",
    "andon.django.executor",
    "andon.django.management.commands.migrate",
    "andon.transport",
    "cryptography.hazmat.primitives.asymmetric.ed25519",
    "django.core.management",
    "django.db.backends.sqlite3.base",
)


def warm_up() -> None:
    """Import it."""
    import andon

    for module in _LOADED_LATE:
        import_module(module)
    for name in andon.__all__:
        getattr(andon, name)


def hurry(patience_s: int, timeout_s: float, clock_off_s: float) -> None:
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
