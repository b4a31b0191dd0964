"""The state machine of the property test. Directed rules drive to where bugs live; the rest roams.

Purely random rules leave some planted bugs unfound, so a few rules play a whole story: decide and
claim twice, vote, leave and vote, one person with two accounts.
"""

from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, rule

from approvals import commands
from approvals.commands import Actor
from approvals.words import Result
from tests.approvals.world import ACCOUNTS, CATEGORIES, World

accounts = st.sampled_from(ACCOUNTS)
options = st.sampled_from(("go", "slow", "no"))


class Machine(RuleBasedStateMachine):
    """Anything may happen in any order; the world checks after every step."""

    ids = Bundle("ids")

    def __init__(self) -> None:
        super().__init__()
        self.world = World()

    @rule(
        target=ids,
        category=st.sampled_from(CATEGORIES),
        requester=st.sampled_from(("req@example.com", "req", "ana", "ben")),
        key=st.sampled_from(("k1", "k2", "k3", "k4", "k5", "k6")),
        body=st.sampled_from(("b1", "b2")),
    )
    def open(self, category: str, requester: str, key: str, body: str) -> str:
        """A service asks, perhaps with a used key."""
        self.world.look_up()
        self.world.open(category, requester=requester, key=key, body=f"{body} {category}")
        return self.newest()

    def newest(self) -> str:
        """The id of the newest escalation; empty while there is none (policy refused it)."""
        return next(reversed(self.world.escalations), "")

    @rule(target=ids, category=st.sampled_from(CATEGORIES))
    def open_fresh(self, category: str) -> str:
        """A service asks for the first time."""
        return self.open_fresh_now(category)

    def open_fresh_now(self, category: str) -> str:
        """The id of a new escalation."""
        self.world.look_up()
        key = self.world.new_id("key")
        self.world.open(category, requester="req", key=key, body=f"fresh {category}")
        return self.newest()

    def vote(
        self, e: str, account: str, option: str, *, behind: int = 0, reason: str = "fine"
    ) -> None:
        """One click, with everything a modal would ask for."""
        escalation = self.world.escalations[e]
        self.world.send(
            commands.Vote(
                id=self.world.new_id("cmd"),
                escalation_id=e,
                actor=Actor(account=account),
                option=option,
                shown=max(0, escalation.shown - behind),
                digest=escalation.digest,
                rationale=reason,
                typed="thing",
                read_whole=True,
            )
        )

    def claim(self, e: str, key: str, digest: str | None = None) -> None:
        """The service takes the release."""
        escalation = self.world.escalations[e]
        self.world.send(
            commands.Claim(
                id=self.world.new_id("cmd"),
                escalation_id=e,
                service="svc",
                key=key,
                digest=digest or escalation.digest,
                nonce=key,
                grant_id=self.world.new_id("gnt"),
            )
        )

    @rule(
        e=ids,
        account=accounts,
        option=options,
        behind=st.integers(0, 1),
        reason=st.sampled_from(("", "it is fine")),
    )
    def click(self, e: str, account: str, option: str, behind: int, reason: str) -> None:
        """Anybody clicks anything."""
        if e:
            self.vote(e, account, option, behind=behind, reason=reason)

    @rule(e=ids, key=st.sampled_from(("c1", "c2")), right=st.booleans())
    def take(self, e: str, key: str, right: bool) -> None:
        """The service claims, perhaps something else than was shown."""
        if e:
            self.claim(e, key, None if right else "sha256:" + "f" * 64)

    @rule(e=ids, option=st.sampled_from(("go", "slow")), late_s=st.sampled_from((0, 60, 901)))
    def decide_and_claim_twice(self, e: str, option: str, late_s: int) -> None:
        """Everybody agrees; then two claims with different keys, perhaps too late."""
        if not e:
            return
        self.world.look_up()
        for account in ("UANA", "UBEN", "UCEM"):
            self.vote(e, account, option)
        self.world.now += timedelta(seconds=late_s)
        self.claim(e, "c1")
        self.claim(e, "c2")

    @rule(e=ids, who=st.sampled_from((("UANA", "ana"), ("UBEN", "ben"))))
    def vote_leave_and_go_on(self, e: str, who: tuple[str, str]) -> None:
        """Someone votes and is deactivated; facts are rechecked; others vote; a claim."""
        if not e:
            return
        self.world.look_up()
        self.vote(e, who[0], "go")
        self.world.inactive.add(who[1])
        self.recheck(e)
        self.vote(e, "UANA" if who[1] == "ben" else "UBEN", "go")
        self.claim(e, "c1")
        self.world.inactive.discard(who[1])

    @rule(e=ids)
    def one_person_two_accounts(self, e: str) -> None:
        """One person clicks with both accounts, and changes sides."""
        if not e:
            return
        self.world.look_up()
        self.vote(e, "UANA", "go")
        self.vote(e, "UANA2", "go")
        self.vote(e, "UBEN", "slow")
        self.claim(e, "c1")

    @rule(e=ids, account=st.sampled_from(("UANA", "UBEN")))
    def someone_aborts(self, e: str, account: str) -> None:
        """One of those who may decide chooses to abort."""
        if e:
            self.vote(e, account, "no", reason="")

    @rule(e=ids)
    def something_else_is_claimed(self, e: str) -> None:
        """Everybody agrees, and the service claims for another digest."""
        if not e:
            return
        self.world.look_up()
        for account in ("UANA", "UBEN", "UCEM"):
            self.vote(e, account, "go")
        self.claim(e, "c3", "sha256:" + "f" * 64)

    @rule(category=st.sampled_from(CATEGORIES))
    def a_yes_without_a_reason(self, category: str) -> None:
        """The first yes to a new question says nothing of why."""
        if opened := self.open_fresh_now(category):
            self.vote(opened, "UBEN", "go", reason="")

    @rule(e=ids)
    def the_requester_tries(self, e: str) -> None:
        """The requester clicks with every account."""
        if e:
            self.vote(e, "UREQ", "go")
            self.vote(e, "UREQ2", "go")
            self.vote(e, "UBEN", "go")

    @rule(e=ids)
    def context_changes_under_the_finger(self, e: str) -> None:
        """New context arrives between looking and tapping."""
        if not e:
            return
        self.world.send(
            commands.AddContext(
                id=self.world.new_id("cmd"),
                escalation_id=e,
                service="svc",
                context={"rollback": "no"},
            )
        )
        self.vote(e, "UBEN", "go", behind=1)

    @rule(e=ids, to_the_second=st.integers(-1, 1))
    def at_the_deadline(self, e: str, to_the_second: int) -> None:
        """A click around the deadline, with a dead clock."""
        if not e:
            return
        deadline = self.world.escalations[e].deadline_at
        self.world.now = max(self.world.now, deadline + timedelta(seconds=to_the_second))
        self.world.look_up()
        self.vote(e, "UBEN", "go")
        self.claim(e, "c1")

    @rule(e=ids, by=st.sampled_from(("svc", "other")))
    def withdraw(self, e: str, by: str) -> None:
        """The service takes it back."""
        if e:
            self.world.send(
                commands.Withdraw(id=self.world.new_id("cmd"), escalation_id=e, service=by)
            )

    @rule(e=ids, account=accounts)
    def stop(self, e: str, account: str) -> None:
        """Somebody stops it."""
        if e:
            self.world.send(
                commands.Stop(
                    id=self.world.new_id("cmd"), escalation_id=e, actor=Actor(account=account)
                )
            )

    @rule(e=ids, result=st.sampled_from(tuple(Result)))
    def report(self, e: str, result: Result) -> None:
        """The service reports."""
        if e:
            self.world.send(
                commands.Report(
                    id=self.world.new_id("cmd"), escalation_id=e, service="svc", result=result
                )
            )

    @rule(e=ids)
    def recheck(self, e: str) -> None:
        """People are looked up, votes rechecked."""
        if e:
            self.world.look_up()
            self.world.send(commands.RecheckPeople(id=self.world.new_id("cmd"), escalation_id=e))

    @rule(e=ids)
    def tick(self, e: str) -> None:
        """The clock comes by."""
        if e:
            self.world.send(commands.Tick(id=self.world.new_id("cmd"), escalation_id=e))

    @rule(seconds=st.sampled_from((1, 60, 600, 901, 3600, -600)))
    def time_passes(self, seconds: int) -> None:
        """Time passes, or a clock is set back."""
        self.world.now += timedelta(seconds=seconds)

    @rule()
    def nobody_can_be_looked_up(self) -> None:
        """The last look-up is long ago."""
        self.world.looked_up_at = self.world.now - timedelta(minutes=16)

    @rule(category=st.sampled_from(CATEGORIES))
    def a_yes_while_nobody_can_be_looked_up(self, category: str) -> None:
        """The look-up is too old when the first yes comes."""
        if opened := self.open_fresh_now(category):
            self.nobody_can_be_looked_up()
            self.vote(opened, "UBEN", "go")

    @rule(who=st.sampled_from((("dba", "ana"), ("dba", "ben"), ("sec", "cem"))))
    def leave_or_join(self, who: tuple[str, str]) -> None:
        """Someone leaves a group, or comes back."""
        self.world.left ^= {who}
