"""The state machine of the property test. Directed rules drive to where bugs live; the rest roams.

Purely random rules leave some planted bugs unfound, so many rules play a whole story: decide and
claim twice, vote, leave and vote, one person with two accounts. Nothing ticks unasked: that would
hide what only the clock does.
"""

from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, rule

from approvals import commands
from approvals.commands import Actor
from approvals.words import Result
from tests.approvals.world import ACCOUNTS, ASKERS, CATEGORIES, World

accounts = st.sampled_from(ACCOUNTS)
options = st.sampled_from(("go", "slow", "no"))
categories = st.sampled_from(CATEGORIES)
askers = st.sampled_from(tuple(ASKERS))
OTHER = "sha256:" + "f" * 64


class Machine(RuleBasedStateMachine):
    """Anything may happen in any order; the world checks after every step."""

    ids = Bundle("ids")

    def __init__(self) -> None:
        super().__init__()
        self.world = self.a_world()

    def a_world(self) -> World:
        """Where it all happens."""
        return World()

    # -- asking ---------------------------------------------------------------------------------

    @rule(
        target=ids,
        category=categories,
        requester=askers,
        key=st.sampled_from(("k1", "k2", "k3", "k4", "k5", "k6")),
        body=st.sampled_from(("b1", "b2")),
        severity=st.sampled_from((None, "critical")),
        long=st.booleans(),
        dedup=st.sampled_from((None, "d1")),
    )
    def open(self, **asked: Any) -> str:
        """A service asks, perhaps with a used key, perhaps what somebody has asked already."""
        self.world.look_up()
        return self.world.open(**asked)

    @rule(target=ids, category=categories, requester=askers)
    def open_fresh(self, category: str, requester: str | None) -> str:
        """A service asks for the first time."""
        return self.fresh(category, requester=requester)

    @rule(target=ids, requester=askers, other=askers)
    def the_same_is_asked_twice(self, requester: str | None, other: str | None) -> str:
        """And then by somebody else, and then for something else, under one dedup key."""
        dedup = self.world.new_id("dedup")
        self.fresh("deployment", requester=requester, dedup=dedup)
        self.fresh("deployment", requester=other, dedup=dedup)
        self.world.open(
            "deployment", requester=requester, key=self.world.new_id("k"), body="x", dedup=dedup
        )
        return self.fresh("deployment", requester=requester, dedup=dedup)

    @rule(target=ids, key=st.sampled_from(("k1", "k7")))
    def one_key_twice(self, key: str) -> str:
        """The same body, then another."""
        for body in ("b1", "b1", "b2"):
            opened = self.world.open("deployment", key=key, body=body)
        return opened

    def fresh(self, category: str, **given: Any) -> str:
        """The id of a new escalation, with everybody there and just looked up."""
        self.world.left.clear()
        self.world.inactive.clear()
        self.world.look_up()
        given = {"key": self.world.new_id("key"), "body": f"fresh {category}", **given}
        return self.world.open(category, **given)

    # -- what the rules are told in -------------------------------------------------------------

    def send(self, verb: type[commands.Command], e: str, **given: Any) -> None:
        """One command about an escalation, if there is one: policy may have refused it."""
        if e:
            self.world.send(verb(id=self.world.new_id("cmd"), escalation_id=e, **given))

    def vote(self, e: str, account: str, option: str, *, behind: int = 0, **given: Any) -> None:
        """One click, with everything a modal would ask for."""
        if not e:
            return
        escalation = self.world.escalations[e]
        usual = {
            "shown": max(0, escalation.shown - behind),
            "digest": escalation.digest,
            "rationale": "it is fine",
            "typed": "thing",
            "read_whole": True,
        }
        actor = Actor(account=account, foreign=given.pop("foreign", False))
        self.send(commands.Vote, e, actor=actor, option=option, **(usual | given))

    def claim(self, e: str, key: str, **given: Any) -> None:
        """The service takes the release."""
        if not e:
            return
        usual = {
            "service": "svc",
            "digest": self.world.escalations[e].digest,
            "nonce": key,
            "grant_id": self.world.new_id("gnt"),
        }
        self.send(commands.Claim, e, key=key, **(usual | given))

    def agreed(self, e: str, option: str = "go") -> None:
        """Everybody who may agrees."""
        self.world.look_up()
        for account in ("UANA", "UBEN", "UCEM", "UREQ"):
            self.vote(e, account, option)

    # -- roaming --------------------------------------------------------------------------------

    @rule(
        e=ids,
        account=accounts,
        option=options,
        behind=st.integers(0, 1),
        rationale=st.sampled_from((None, "", "it is fine")),
        typed=st.sampled_from((None, "thing", "think")),
        read_whole=st.booleans(),
        foreign=st.sampled_from((False, False, False, True)),
    )
    def click(self, e: str, account: str, option: str, **given: Any) -> None:
        """Anybody clicks anything."""
        self.vote(e, account, option, **given)

    @rule(
        e=ids,
        key=st.sampled_from(("c1", "c2")),
        digest=st.sampled_from((None, OTHER)),
        nonce=st.sampled_from(("n1", "n2")),
        service=st.sampled_from(("svc", "svc", "other")),
    )
    def take(self, e: str, key: str, digest: str | None, **given: Any) -> None:
        """The service claims, perhaps something else than was shown, perhaps another's."""
        self.claim(e, key, **(given | ({"digest": digest} if digest else {})))

    @rule(
        e=ids,
        service=st.sampled_from(("svc", "other")),
        account=st.sampled_from((None, *ACCOUNTS)),
        foreign=st.booleans(),
    )
    def withdraw(self, e: str, service: str, account: str | None, foreign: bool) -> None:
        """A service takes it back, or a person."""
        actor = Actor(account=account, foreign=foreign) if account else None
        self.send(commands.Withdraw, e, service=None if actor else service, actor=actor)

    @rule(e=ids, account=accounts, foreign=st.booleans())
    def stop(self, e: str, account: str, foreign: bool) -> None:
        """Somebody stops it."""
        self.send(commands.Stop, e, actor=Actor(account=account, foreign=foreign))

    @rule(
        e=ids,
        result=st.sampled_from(tuple(Result)),
        service=st.sampled_from(("svc", "svc", "other")),
    )
    def report(self, e: str, result: Result, service: str) -> None:
        """A service reports."""
        self.send(commands.Report, e, service=service, result=result)

    @rule(e=ids, account=accounts, text=st.sampled_from(("", "because")))
    def say_why(self, e: str, account: str, text: str) -> None:
        """Somebody adds a reason."""
        self.send(commands.AddReason, e, actor=Actor(account=account), text=text)

    @rule(e=ids, account=accounts)
    def look(self, e: str, account: str) -> None:
        """Somebody opens the details."""
        self.send(commands.Look, e, actor=Actor(account=account))

    @rule(e=ids, rollback=st.sampled_from(("none", "some")))
    def tell(self, e: str, rollback: str) -> None:
        """The service adds context, perhaps nothing new."""
        self.send(commands.AddContext, e, service="svc", context={"rollback": rollback})

    @rule(e=ids)
    def recheck(self, e: str) -> None:
        """People are looked up, votes rechecked."""
        self.world.look_up()
        self.send(commands.RecheckPeople, e)

    @rule(e=ids)
    def tick(self, e: str) -> None:
        """The clock comes by."""
        self.send(commands.Tick, e)

    @rule(seconds=st.sampled_from((1, 60, 600, 901, 3600, -600)))
    def time_passes(self, seconds: int) -> None:
        """Time passes, or a clock is set back."""
        self.world.now += timedelta(seconds=seconds)

    @rule(ever=st.booleans())
    def nobody_can_be_looked_up(self, ever: bool) -> None:
        """The last look-up is long ago, or never was."""
        self.world.looked_up_at = self.world.now - timedelta(minutes=16) if ever else None

    @rule(who=st.sampled_from((("dba", "ana"), ("dba", "ben"), ("sec", "cem"))))
    def leave_or_join(self, who: tuple[str, str]) -> None:
        """Someone leaves a group, or comes back."""
        self.world.left ^= {who}

    # -- stories --------------------------------------------------------------------------------

    @rule(category=categories, late_s=st.sampled_from((0, 901)))
    def decide_and_claim_twice(self, category: str, late_s: int) -> None:
        """Everybody agrees; then two claims with different keys, perhaps too late."""
        e = self.fresh(category)
        self.agreed(e)
        self.world.now += timedelta(seconds=late_s)
        self.claim(e, "c1")
        self.claim(e, "c2")

    @rule(category=categories, change=st.sampled_from(("nonce", "digest")))
    def one_claim_for_two(self, category: str, change: str) -> None:
        """The key of a claim comes again, for something else."""
        e = self.fresh(category)
        self.agreed(e)
        self.claim(e, "c1")
        self.claim(e, "c1", **{change: OTHER})

    @rule(category=categories, wrong=st.sampled_from(({"digest": OTHER}, {"service": "other"})))
    def a_wrong_claim(self, category: str, wrong: dict[str, str]) -> None:
        """Everybody agrees, and something else is claimed, or by somebody else."""
        e = self.fresh(category)
        self.agreed(e)
        self.claim(e, "c3", **wrong)

    @rule(
        category=categories,
        who=st.sampled_from((("UANA", "ana"), ("UBEN", "ben"))),
        rechecked=st.booleans(),
    )
    def vote_leave_and_go_on(self, category: str, who: tuple[str, str], rechecked: bool) -> None:
        """Someone votes and is deactivated; perhaps votes are rechecked; others vote; a claim."""
        e = self.fresh(category)
        self.vote(e, who[0], "go")
        self.world.inactive.add(who[1])
        if rechecked:
            self.recheck(e)
        self.vote(e, "UANA" if who[1] == "ben" else "UBEN", "go")
        self.claim(e, "c1")

    @rule(category=categories, group=st.sampled_from(("dba", "sec")), rechecked=st.booleans())
    def agreed_and_gone(self, category: str, group: str, rechecked: bool) -> None:
        """Between the last vote and the claim somebody leaves a group."""
        e = self.fresh(category)
        self.agreed(e)
        self.world.left |= {(group, "ana"), (group, "ben")}
        if rechecked:
            self.recheck(e)
        self.claim(e, "c1")

    @rule(category=categories)
    def one_person_two_accounts(self, category: str) -> None:
        """One person clicks with both accounts; another chooses otherwise."""
        e = self.fresh(category)
        self.vote(e, "UANA", "go")
        self.vote(e, "UANA2", "go")
        self.vote(e, "UBEN", "slow")
        self.claim(e, "c1")

    @rule(category=categories, account=st.sampled_from(("UANA", "UBEN")))
    def someone_aborts(self, category: str, account: str) -> None:
        """One of those who may, though news came and nobody can be looked up any more."""
        e = self.fresh(category)
        self.tell(e, "some")
        self.nobody_can_be_looked_up(ever=True)
        self.vote(e, account, "no", behind=1, rationale=None, typed=None, read_whole=False)

    @rule(category=categories, account=st.sampled_from(("UANA", "UBEN")), started=st.booleans())
    def agreed_and_stopped(self, category: str, account: str, started: bool) -> None:
        """Everybody agrees; outsiders try to stop it, then one who may; it is claimed."""
        e = self.fresh(category)
        self.agreed(e)
        for outsider in ("UREQ", "USTRANGER"):
            self.stop(e, outsider, foreign=False)
        if started:
            self.claim(e, "c1")
        self.stop(e, account, foreign=False)
        self.claim(e, "c1")

    @rule(
        category=categories,
        first=st.sampled_from(tuple(Result)),
        then=st.sampled_from(tuple(Result)),
    )
    def reported_twice(self, category: str, first: Result, then: Result) -> None:
        """What became of it, and something else."""
        e = self.fresh(category)
        self.agreed(e)
        self.claim(e, "c1")
        self.report(e, first, "svc")
        self.report(e, then, "svc")

    @rule(account=st.sampled_from(("UANA", "UBEN")))
    def a_yes_without_a_word(self, account: str) -> None:
        """To what cannot be undone: nothing of why, or another word than the target."""
        self.vote(self.fresh("schema_migration"), account, "go", rationale="")
        self.vote(self.fresh("schema_migration", severity="critical"), account, "go", typed="x")

    @rule(requester=askers)
    def one_yes_to_something_critical(self, requester: str | None) -> None:
        """A single person who may."""
        e = self.fresh("schema_migration", severity="critical", requester=requester)
        self.vote(e, "UANA" if requester == "ben" else "UBEN", "go")

    @rule(
        category=categories,
        wrong=st.sampled_from(({"read_whole": False}, {"digest": OTHER}, {"foreign": True})),
    )
    def a_wrong_yes(self, category: str, wrong: dict[str, Any]) -> None:
        """To what the card showed in part, to another card, or by a guest."""
        self.vote(self.fresh(category, long=True), "UBEN", "go", **wrong)

    @rule(requester=askers, category=categories)
    def the_requester_tries(self, requester: str | None, category: str) -> None:
        """The requester, or the owner in their stead, clicks with every account."""
        for asker in (requester, None):
            e = self.fresh(category, requester=asker)
            for account in ("UREQ", "UREQ2", "UANA2", "UBEN"):
                self.vote(e, account, "go")

    @rule(category=categories)
    def context_changes_under_the_finger(self, category: str) -> None:
        """New context arrives between looking and tapping."""
        e = self.fresh(category)
        self.tell(e, self.world.new_id("news"))
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

    @rule(category=categories)
    def the_clock_is_set_back(self, category: str) -> None:
        """Between two votes."""
        e = self.fresh(category)
        self.vote(e, "UCEM", "go")
        self.vote(e, "UANA", "go")
        self.world.now -= timedelta(seconds=60)
        self.vote(e, "UBEN", "go")

    @rule(category=categories)
    def nothing_is_reported(self, category: str) -> None:
        """It was taken, and nothing more is heard."""
        e = self.fresh(category)
        self.agreed(e)
        self.claim(e, "c1")
        self.world.now += timedelta(seconds=3600)
        self.tick(e)

    @rule(category=categories, minutes=st.sampled_from((9, 11)))
    def a_reason_comes_late(self, category: str, minutes: int) -> None:
        """Around the ten minutes there are for it."""
        e = self.fresh(category)
        self.vote(e, "UBEN", "go")
        self.world.now += timedelta(minutes=minutes)
        self.say_why(e, "UBEN", "because")

    @rule(category=categories, by=st.sampled_from(("UBEN", "other", "UREQ")))
    def somebody_takes_it_back(self, category: str, by: str) -> None:
        """The requester, an approver, another service."""
        account = by if by != "other" else None
        self.withdraw(self.fresh(category), "other", account, foreign=False)

    @rule(category=categories)
    def a_yes_while_nobody_can_be_looked_up(self, category: str) -> None:
        """The look-up is too old when the first yes comes."""
        e = self.fresh(category)
        self.nobody_can_be_looked_up(ever=True)
        self.vote(e, "UBEN", "go")
