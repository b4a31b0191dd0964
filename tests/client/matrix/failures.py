"""What can go wrong, each with what has to come of it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from andon.testing.troubles import Broken
from andon.testing.wire import Asked, Told

from tests.client.matrix import grants, spoiling
from tests.client.matrix.grants import Forger
from tests.client.matrix.proxy import Proxy, Spoil
from tests.client.matrix.spoiling import delayed, granting, rewritten, trouble


@dataclass(frozen=True, kw_only=True)
class Failure:
    """One thing that goes wrong."""

    name: str
    runs: bool  #: whether the guarded thing happens in the end
    word: str = "approve"  #: what people do
    request: dict[str, Any] = field(default_factory=dict)
    spoil: Callable[[Forger], Spoil] = lambda forger: spoiling.nothing
    kill: str = ""  #: where the caller is killed, as `claim after`; then it is started again
    key: str = "key"  #: whose key calls
    pinned: str = ""  #: which keys are pinned: the server's, others', a file that is missing
    disk: str = ""  #: what the folder for kept keys is: `full`, `read only`, `no folder`
    clock_off_s: int = 0  #: how far the caller's clock is ahead of the server's
    restarts: str = ""  #: after which action the server is killed, and started anew
    gone: bool = False  #: nothing listens at all
    mutates: bool = False  #: what would run changes between asking and running
    corrupts: bool = False  #: between the two runs what was kept is overwritten with nonsense
    needs: str = ""  #: `mounts`, or an action that not every way in makes

    @property
    def verifies(self) -> bool:
        """Whether the caller has the keys that verify the server's grants."""
        return self.pinned in ("", "server") and "keys are missing" not in self.name


def _f(name: str, runs: bool, spoil: Spoil | None = None, **more: Any) -> Failure:
    return Failure(name=name, runs=runs, **more, **({"spoil": lambda _: spoil} if spoil else {}))


def _granted(name: str, forge: Callable[[Forger, str], str]) -> Failure:
    return Failure(name=f"a grant {name}", runs=False, spoil=lambda f: granting(f, forge))


WAY = (
    _f("all goes well", True),
    _f("nothing listens", False, gone=True),
    _f("down for good", False, trouble("reset")),
    Failure(name="down at first", runs=True, spoil=lambda _: spoiling.coming_up(0.6)),
    _f("down from the wait on", False, trouble("refused", "read claim outcome jwks")),
    _f("down for a while during the wait", True, trouble("refused", "read", times=2)),
    _f("down from the claim on", False, trouble("refused", "claim outcome jwks")),
    _f("down from the report on", True, trouble("refused", "outcome")),
    _f("slow for good", False, trouble("slow")),
    _f("slow once at each step", True, trouble("slow", times=1)),
    _f("slow at the claim for good", False, spoiling.too_late(2.0, "claim")),
    _f("reset once at each step", True, trouble("reset", times=1)),
    _f("reset at the claim for good", False, trouble("reset", "claim")),
    _f("the answer is lost once at each step", True, trouble("lost", times=1)),
    _f("the answer to the claim is lost for good", False, trouble("lost", "claim")),
    _f("reset in the middle of an answer, once", True, trouble("truncated", times=1)),
    _f("reset in the middle of the grant, for good", False, trouble("truncated", "claim")),
    _f("half of the JSON, once", True, trouble("cut", times=1)),
    _f("half of the grant's JSON, for good", False, trouble("cut", "claim")),
    _f("a page of HTML for everything", False, trouble("html")),
    _f("a page of HTML for the wait", False, trouble("html", "read")),
    _f("a page of HTML for the claim", False, trouble("html", "claim")),
    _f("redirected", False, trouble("redirect")),
    _f("the claim is redirected", False, trouble("redirect", "claim")),
    _f("401 at the claim", False, trouble("401", "claim")),
    _f("403 for everything", False, trouble("403")),
    _f("500 for good", False, trouble("500")),
    _f("500 once at each step", True, trouble("500", times=1)),
    _f("500 at the claim for good", False, trouble("500", "claim")),
    _f("500 at the report for good", True, trouble("500", "outcome")),
    _f("503 with Retry-After, once at each step", True, trouble("503", times=1)),
    _f("429 with Retry-After, once", True, trouble("429", "open", times=1)),
    _f("wrong key", False, key="nobody's"),
    _f("a key that may not claim", False, key="cannot claim"),
)  # fmt: skip

PEOPLE = (
    _f("rejected", False, word="reject"),
    _f("withdrawn", False, word="withdraw"),
    _f("stopped", False, delayed(0.3, "claim"), word="stop"),
    _f("nobody answers in time", False, word="silent", request={"decide_within_s": 1}),
    _f("lapsed before it is taken", False, delayed(1.6, "claim", times=1),
       request={"claim_within_s": 1}),
    _f("what would run changes", False, word="late", mutates=True),
)  # fmt: skip

GRANTS = (
    _granted("that is over", grants.expired),
    _granted("of tomorrow", grants.of_tomorrow),
    _granted("of another escalation", grants.with_claims(sub="esc_" + "0" * 32)),
    _granted("for another service", grants.with_claims(aud="another")),
    _granted("of another issuer", grants.with_claims(iss="somebody")),
    _granted("for another digest", grants.with_claims(digest="sha256:" + "0" * 64)),
    _granted("for an option that aborts", grants.with_claims(option="leave")),
    _granted("for an option nobody offered", grants.with_claims(option="everything")),
    _granted("with another nonce", grants.with_claims(nonce="n-4711")),
    _granted("that never ends", grants.with_claims(exp=None)),
    _granted("by another key", grants.by_another_key),
    _granted("by a key of the same name", grants.by_another_key_of_the_same_name),
    _granted("without an algorithm", grants.without_algorithm),
    _granted("without an algorithm, signed", grants.without_algorithm_but_a_signature),
    _granted("signed with the public key", grants.by_the_public_key),
    _granted("edited after it was signed", grants.edited),
    _granted("cut short", grants.cut_short),
    _granted("that is empty", grants.nothing),
    Failure(name="no grant, just 200", runs=False,
            spoil=lambda _: spoiling.always_granting(200, {"option": "retry"})),
    Failure(name="another option than the grant's", runs=False,
            spoil=lambda _: rewritten("claim", lambda body: {**body, "option": "other"})),
    Failure(name="the keys are missing", runs=False, spoil=lambda _: spoiling.missing_keys),
    Failure(name="the server's keys are pinned", runs=True, pinned="server"),
    Failure(name="other keys are pinned", runs=False, pinned="other"),
    Failure(name="the pinned keys are missing", runs=False, pinned="missing"),
    Failure(name="the clock is three hours behind", runs=False, clock_off_s=-3 * 3600),
    Failure(name="the clock is three hours ahead", runs=False, clock_off_s=3 * 3600),
    Failure(name="the clock is a little behind", runs=True, clock_off_s=-40),
    Failure(name="the clock is a little ahead", runs=True, clock_off_s=40),
)  # fmt: skip


def _lying(**changes: Any) -> Spoil:
    """Whoever waits is told that it is approved."""
    return rewritten("read", lambda body: {**body, **changes})


def _replayed() -> Spoil:
    """The first claim is answered truly; every later one gets the same answer again."""
    kept: list[Told] = []

    def spoil(proxy: Proxy, asked: Asked) -> Told | Broken:
        if asked.action != "claim":
            return proxy.forward(asked)
        told = proxy.forward(asked)
        kept.append(told)
        return kept[0]

    return spoil


def _about(**changes: Any) -> Spoil:
    """What was asked is answered with something else."""
    return rewritten("open read", lambda body: {**body, **changes})


LIES = (
    _f("said to be approved while it waits", False,
       _lying(status="approved"), word="silent", request={"decide_within_s": 2}),
    _f("said to be approved though rejected", False, _lying(status="approved"), word="reject"),
    _f("the answer is about another operation", False, _about(digest="sha256:" + "0" * 64)),
    _f("the answer is about another escalation", False, _about(id="esc_" + "0" * 32)),
    Failure(name="an old grant is given again", runs=True, spoil=lambda _: _replayed(),
            kill="outcome before"),
)  # fmt: skip

PROCESS = (
    *(
        Failure(name=f"killed: {where}", runs=True, kill=where, needs=where.partition(" ")[0])
        for where in (
            "open before",
            "open after",
            "read before",
            "read after",
            "claim before",
            "claim after",
            "outcome before",
            "outcome after",
            "running",
        )
    ),
    Failure(name="what was kept is nonsense", runs=True, kill="claim after", corrupts=True),
    Failure(name="the folder for keys is full", runs=False, disk="full", needs="mounts"),
    Failure(name="the folder for keys is read-only", runs=False, disk="read only", needs="mounts"),
    Failure(name="the folder for keys is none", runs=False, disk="no folder"),
    Failure(name="the server is killed after it was asked", runs=True, word="late",
            restarts="open"),
    Failure(name="the server is killed once it has claimed", runs=True,
            restarts="claim"),
)  # fmt: skip

FAILURES: tuple[Failure, ...] = (*WAY, *PEOPLE, *GRANTS, *LIES, *PROCESS)


def named(name: str) -> Failure:
    """The failure of that name."""
    return next(failure for failure in FAILURES if failure.name == name)
