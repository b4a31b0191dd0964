"""The state machine of questions, incidents and overrides; stories first, as in `machine`."""

from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, rule

from approvals import commands
from approvals.commands import Actor
from tests.approvals.world import ACCOUNTS, CATEGORIES, World

accounts = st.sampled_from(ACCOUNTS)
categories = st.sampled_from(CATEGORIES)
options = st.sampled_from(("go", "slow", "no"))
texts = st.sampled_from(("", "is it tested?"))
OTHER = "sha256:" + "f" * 64

#: Who may override, with one account each and all of ana's.
BREAKERS = ("UCEM", "UDEE", "UANA", "UANA2")


class Verbs(RuleBasedStateMachine):
    """Approvals and incidents are asked about, answered, overridden and resolved in any order."""

    ids = Bundle("ids")

    def __init__(self) -> None:
        super().__init__()
        self.world = World()

    # -- what the rules are told in -------------------------------------------------------------

    def approval(self, category: str, requester: str | None = "req") -> str:
        """A new approval, with everybody there and just looked up; empty where it was refused."""
        self.everybody_is_there()
        key = self.world.new_id("key")
        return self.world.open(category, requester=requester, key=key, body=f"fresh {key}")

    def incident(self) -> str:
        """A new incident."""
        self.everybody_is_there()
        key = self.world.new_id("key")
        return self.world.help(f"trouble {'x' * len(self.world.escalations)}", key=key)

    def everybody_is_there(self) -> None:
        """And just looked up."""
        self.world.left.clear()
        self.world.inactive.clear()
        self.world.look_up()

    def send(self, verb: type[commands.Command], e: str, **given: Any) -> None:
        """One command about an escalation, if there is one."""
        if e:
            self.world.send(verb(id=self.world.new_id("cmd"), escalation_id=e, **given))

    def ask(self, e: str, account: str, text: str = "is it tested?", **given: Any) -> None:
        """Somebody asks."""
        question = self.world.new_id("que")
        actor = Actor(account=account, **given)
        self.send(commands.AskForInfo, e, actor=actor, text=text, question_id=question)

    def answer(self, e: str, by: str, text: str = "yes", **given: Any) -> None:
        """The service answers, or the person of that account."""
        actor = Actor(account=by) if by.startswith("U") else None
        service = None if actor else by
        self.send(commands.AnswerQuestion, e, text=text, actor=actor, service=service, **given)

    def resolve(self, e: str, by: str, root_cause: str = "a full disk") -> None:
        """A service ends an incident, or the person of that account."""
        actor = Actor(account=by) if by.startswith("U") else None
        service = None if actor else by
        self.send(commands.Resolve, e, root_cause=root_cause, actor=actor, service=service)

    def override(self, e: str, account: str, option: str = "go", **given: Any) -> None:
        """Somebody breaks the glass."""
        if not e:
            return
        actor = Actor(account=account, foreign=given.pop("foreign", False))
        usual = {"digest": self.world.escalations[e].digest, "reason": "the shop is down"}
        self.send(commands.BreakGlass, e, actor=actor, option=option, **(usual | given))

    def vote(self, e: str, account: str, option: str = "go", *, behind: int = 0) -> None:
        """One click, with everything a modal would ask for."""
        if not e:
            return
        self.send(
            commands.Vote,
            e,
            actor=Actor(account=account),
            option=option,
            shown=max(0, self.world.escalations[e].shown - behind),
            digest=self.world.escalations[e].digest,
            rationale="it is fine",
            typed="thing",
            read_whole=True,
        )

    def claim(self, e: str, key: str = "c1") -> None:
        """The service takes the release."""
        if not e:
            return
        self.send(
            commands.Claim,
            e,
            service="svc",
            key=key,
            digest=self.world.escalations[e].digest,
            nonce=key,
            grant_id=self.world.new_id("gnt"),
        )

    # -- roaming --------------------------------------------------------------------------------

    @rule(target=ids, category=categories)
    def something_is_asked_for(self, category: str) -> str:
        """An approval."""
        return self.approval(category)

    @rule(target=ids, title=st.sampled_from(("3 down", "4 down")), severity=st.sampled_from((None, "critical")))  # fmt: skip  # noqa: E501
    def something_is_wrong(self, title: str, severity: str | None) -> str:
        """An incident, perhaps one that is known already, perhaps a worse one."""
        self.world.look_up()
        return self.world.help(title, key=self.world.new_id("key"), severity=severity)

    @rule(e=ids, account=accounts, text=texts, foreign=st.booleans())
    def anybody_asks(self, e: str, account: str, text: str, foreign: bool) -> None:
        """Or asks nothing."""
        self.ask(e, account, text, foreign=foreign)

    @rule(e=ids, by=st.sampled_from(("svc", "other", *ACCOUNTS)), text=st.sampled_from(("y", "n")))
    def anybody_answers(self, e: str, by: str, text: str) -> None:
        """One thing or another."""
        self.answer(e, by, text)

    @rule(e=ids, by=st.sampled_from(("svc", "other", *ACCOUNTS)), root_cause=texts)
    def anybody_resolves(self, e: str, by: str, root_cause: str) -> None:
        """Saying why, or not."""
        self.resolve(e, by, root_cause)

    @rule(e=ids, account=accounts, option=options, reason=texts, foreign=st.booleans())
    def anybody_overrides(self, e: str, account: str, option: str, **given: Any) -> None:
        """Anything, with a reason or without."""
        self.override(e, account, option, **given)

    @rule(e=ids, account=accounts, option=options)
    def anybody_votes(self, e: str, account: str, option: str) -> None:
        """Also about an incident."""
        self.vote(e, account, option)

    @rule(e=ids)
    def it_is_claimed(self, e: str) -> None:
        """Whatever it is."""
        self.claim(e)

    @rule(e=ids)
    def it_is_taken_back(self, e: str) -> None:
        """By its service."""
        self.send(commands.Withdraw, e, service="svc", actor=None)

    @rule(e=ids)
    def recheck(self, e: str) -> None:
        """People are looked up, votes and overrides rechecked."""
        self.world.look_up()
        self.send(commands.RecheckPeople, e)

    @rule(seconds=st.sampled_from((1, 600, 901, 4 * 3600)))
    def time_passes(self, seconds: int) -> None:
        """And nothing ticks."""
        self.world.now += timedelta(seconds=seconds)

    @rule(e=ids)
    def tick(self, e: str) -> None:
        """The clock comes by."""
        self.send(commands.Tick, e)

    @rule(who=st.sampled_from((("dba", "ana"), ("sec", "cem"), ("sec", "dee"))))
    def leave_or_join(self, who: tuple[str, str]) -> None:
        """Someone leaves a group, or comes back."""
        self.world.left ^= {who}

    # -- stories --------------------------------------------------------------------------------

    @rule(category=categories, gone=st.sampled_from((None, "cem", "dee")), rechecked=st.booleans())
    def two_break_the_glass(self, category: str, gone: str | None, rechecked: bool) -> None:
        """And the service claims; perhaps one of them has left by then."""
        e = self.approval(category)
        self.override(e, "UCEM")
        self.override(e, "UDEE")
        if gone:
            self.world.left.add(("sec", gone))
        if rechecked:
            self.recheck(e)
        self.claim(e)

    @rule(category=categories, one=st.sampled_from(BREAKERS), two=st.sampled_from(BREAKERS))
    def two_clicks_break_the_glass(self, category: str, one: str, two: str) -> None:
        """Perhaps of one person, with one account or two."""
        e = self.approval(category)
        self.override(e, one)
        self.override(e, two)
        self.claim(e)

    @rule(category=categories, requester=st.sampled_from(("ana", "req", None)))
    def outsiders_break_the_glass(self, category: str, requester: str | None) -> None:
        """The requester with every account, an approver, somebody who left, a stranger."""
        e = self.approval(category, requester=requester)
        self.world.left.add(("sec", "cem"))
        for account in ("UANA2", "UREQ", "UBEN", "UCEM", "USTRANGER"):
            self.override(e, account)
        self.override(e, "UDEE", foreign=True)

    @rule(
        category=categories,
        wrong=st.sampled_from(
            ({"digest": OTHER}, {"option": "no"}, {"reason": " x"}, {"option": "slow"})
        ),
    )
    def a_wrong_override(self, category: str, wrong: dict[str, str]) -> None:
        """For something else, to abort, for no reason, for another option than the first."""
        e = self.approval(category)
        self.override(e, "UCEM")
        self.override(e, "UDEE", **wrong)
        self.claim(e)

    @rule(category=categories)
    def the_glass_breaks_late(self, category: str) -> None:
        """After somebody has aborted it; and of another one nobody can be looked up."""
        e = self.approval(category)
        self.vote(e, "UANA", "no")
        self.override(e, "UCEM")
        other = self.approval(category)
        self.world.looked_up_at = self.world.now - timedelta(minutes=16)
        self.override(other, "UCEM")

    @rule(category=categories, by=st.sampled_from(("svc", "other", "UREQ2", "UBEN")))
    def an_answer_changes_the_card(self, category: str, by: str) -> None:
        """Between looking and tapping; then it is answered otherwise."""
        e = self.approval(category)
        self.ask(e, "UANA")
        self.answer(e, by, "yes")
        self.answer(e, "svc", "no")
        self.vote(e, "UBEN", behind=1)
        self.vote(e, "UBEN", behind=0)

    @rule(category=categories, account=accounts, text=texts)
    def it_is_asked_about(self, category: str, account: str, text: str) -> None:
        """By anybody; and again after the end."""
        e = self.approval(category)
        self.ask(e, account, text)
        self.vote(e, "UANA", "no")
        self.ask(e, "UANA")
        self.answer(e, "svc")

    @rule(by=st.sampled_from(("svc", "other", *ACCOUNTS)), again=st.sampled_from(("svc", "UBEN")))
    def an_incident_is_resolved(self, by: str, again: str) -> None:
        """By anybody; then by one who may, and once more."""
        e = self.incident()
        self.resolve(e, by)
        self.resolve(e, again)
        self.resolve(e, "UANA", "something else")

    @rule(target=ids)
    def an_incident_gets_worse(self) -> str:
        """And is known already, and known to be worse."""
        for severity in (None, "critical", None, "critical"):
            self.world.look_up()
            worst = self.world.help("it burns", key=self.world.new_id("key"), severity=severity)
        return worst

    @rule()
    def outsiders_resolve(self) -> None:
        """Another service, strangers, someone of another group; one who may, without a word."""
        e = self.incident()
        for by in ("other", "USTRANGER", "UCEM", "UDEE"):
            self.resolve(e, by)
        self.resolve(e, "UBEN", " x")

    @rule(category=categories)
    def outsiders_ask_and_answer(self, category: str) -> None:
        """And one who may asks nothing."""
        e = self.approval(category)
        for by in ("USTRANGER", "UREQ", "UDEE"):
            self.ask(e, by)
        self.ask(e, "UANA", "")
        self.ask(e, "UANA")
        for by in ("other", "USTRANGER", "UBEN"):
            self.answer(e, by)

    @rule(by=st.sampled_from(("svc", "UBEN")), category=categories)
    def an_approval_is_resolved(self, by: str, category: str) -> None:
        """Which it cannot be."""
        self.resolve(self.approval(category), by)

    @rule(seconds=st.sampled_from((4 * 3600 - 1, 4 * 3600, 9 * 3600)))
    def an_incident_waits(self, seconds: int) -> None:
        """Past its time; then it is asked about, answered and over."""
        e = self.incident()
        self.world.now += timedelta(seconds=seconds)
        self.world.look_up()
        self.ask(e, "UBEN")
        self.answer(e, "UREQ")
        self.resolve(e, "UBEN")
