"""One escalation for every way it can go, each told in a few lines."""

from collections.abc import Callable

from approvals.commands import Gather
from tests.approvals.chained import STAGES, ChainScene
from tests.approvals.scene import Scene, glass, incident

Story = Callable[[], Scene]


def pending() -> Scene:
    """Asked, with everything a request can say."""
    return Scene(
        summary="because of it",
        reference="CHG-1",
        dedup_key="d",
        context={"rollback": "none"},
        operation={
            "name": "pay",
            "target": "web",
            "arguments": {"é": [1, None, "\u2028"]},
            "money": {"amount_minor": 1, "currency": "EUR", "account": "a", "beneficiary": "b"},
        },
        callback_url="https://x.example/andon",
    ).open(operation_redacted=("/arguments/x",))


def looked_and_refused() -> Scene:
    """Someone looked, strangers clicked, context came."""
    scene = pending()
    scene.look("UANA")
    scene.vote("USTRANGER")
    scene.vote("UREQ")
    scene.tell(rollback="alembic downgrade -1")
    return scene


def half_agreed() -> Scene:
    """One of two; a vote changed, another void."""
    scene = Scene("other").open()
    scene.vote("UANA", "slow")
    scene.vote("UANA", "go")
    scene.vote("UBEN", "slow")
    scene.reason("tested", "UBEN")
    scene.gone.add("ben")
    scene.recheck()
    return scene


def approved() -> Scene:
    """Allowed, not taken."""
    return Scene(callback_url="https://x.example/andon").approved()


def claimed() -> Scene:
    """Runs."""
    scene = approved()
    scene.claim()
    return scene


def succeeded() -> Scene:
    """Ran."""
    scene = claimed()
    scene.report(detail="done")
    return scene


def unknown_then_failed() -> Scene:
    """Said nothing in time, then that it failed."""
    scene = claimed()
    scene.pass_(3600).tick()
    scene.report("failed", undo="none")
    return scene


def rejected() -> Scene:
    """Someone chose to abort."""
    scene = pending()
    scene.vote(option="no", rationale="not now")
    return scene


def expired() -> Scene:
    """Nobody decided."""
    scene = pending()
    scene.now = scene.e.deadline_at
    scene.tick()
    return scene


def learned_from() -> Scene:
    """Failed; written down, handed on, reminded of, reviewed."""
    scene = unknown_then_failed()
    scene.write_issue(workarounds="ran it by hand", owner="UANA", due="2026-12-01")
    scene.hand_review("UANA")
    scene.pass_(4 * 86_400).tick()
    scene.write_review("UANA", detected_by="a customer", automatable=True)
    return scene


def withdrawn() -> Scene:
    """Taken back by the service."""
    scene = pending()
    scene.withdraw(reason="merge worked")
    return scene


def stopped() -> Scene:
    """Stopped in time."""
    scene = approved()
    scene.stop(reason="wrong window")
    return scene


def void() -> Scene:
    """The approver left before the claim."""
    scene = approved()
    scene.gone.add("ben")
    scene.claim()
    return scene


def lapsed() -> Scene:
    """Never taken."""
    scene = approved()
    scene.pass_(900).tick()
    return scene


def gathered() -> Scene:
    """It came just before a storm was noticed."""
    scene = pending()
    scene.send(Gather, storm="stm_6", place=1)
    return scene


def chained_to_the_end() -> Scene:
    """Nobody looked: stage after stage, reminded, unattended, expired."""
    scene = ChainScene()
    scene.pause("ana").routes["ana"] = ("ana-sms",)
    scene.absent("cem", "dee").opened()
    for second in (900, 1500, 2700, 3600, 7200, 11_520, 14_400):
        scene.tick_at(second)
    return scene


def looked_at_and_let_go() -> Scene:
    """Somebody looks, reads on, gives it more time, and goes."""
    scene = ChainScene()
    scene.opened()
    scene.at(60).acknowledge("UBEN")
    scene.at(400).look("UBEN")
    scene.extend("UBEN")
    scene.tick_at(1000)
    return scene


def unheard_then_arrived() -> Scene:
    """No way worked, so the deadline waited; then one did."""
    scene = ChainScene(plan={"steps": STAGES[:1], "owners": ()})
    scene.routes["ben"] = ("ben-sms",)
    scene.opened()
    for way in ("channel:C0DBA", "person:ana", "person:ben", "route:ben-sms"):
        scene.miss(way, "slack_away")
    scene.tick_at(14_400)
    scene.at(15_000).arrived()
    return scene


def questioned() -> Scene:
    """Asked about, answered, asked about again."""
    scene = pending()
    scene.ask("is it tested?")
    scene.answer("on staging", context={"runbook": "https://x.example/run"})
    scene.ask("by whom?", "UANA")
    return scene


def overridden() -> Scene:
    """Released past the policy, by two."""
    scene = glass(callback_url="https://x.example/andon")
    scene.break_glass("UCEM")
    scene.break_glass("UDEE")
    return scene


def resolved() -> Scene:
    """An incident, asked about and over."""
    scene = incident(callback_url="https://x.example/andon").open()
    scene.ask("since when?")
    scene.answer("since ten", "UREQ")
    scene.resolve("UANA", by_hand="deleted logs", automatable=False)
    return scene


def recovered() -> Scene:
    """An incident that went away by itself."""
    scene = incident().open()
    scene.withdraw(reason="recovered")
    return scene


def erased() -> Scene:
    """Ran, and nobody may know any more what it was."""
    scene = pending()
    scene.look("UANA")
    scene.ask("is it tested?")
    scene.answer("on staging")
    scene.vote()
    scene.claim()
    scene.report(detail="done", undo="none")
    scene.erase()
    return scene


STORIES: dict[str, Story] = {
    story.__name__: story
    for story in (
        pending,
        looked_and_refused,
        half_agreed,
        approved,
        claimed,
        succeeded,
        unknown_then_failed,
        rejected,
        expired,
        learned_from,
        withdrawn,
        stopped,
        void,
        lapsed,
        gathered,
        chained_to_the_end,
        looked_at_and_let_go,
        unheard_then_arrived,
        questioned,
        overridden,
        resolved,
        recovered,
        erased,
    )
}
