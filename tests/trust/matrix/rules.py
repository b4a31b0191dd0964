"""What each click and each call is owed, reckoned from the documents and from nothing of the code.

DESIGN section 5 and CARDS section 5 in as few lines as they take: strangers hear nothing, the
requester decides nothing, what is over is over, and only the eligible act.
"""

from dataclasses import dataclass

YES = "yes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Who:
    """Somebody with a Slack account, as the policy and Slack know them when they click."""

    account: str
    stranger: bool = False  #: guest, other workspace, a bot
    known: bool = True  #: the policy names the account
    asks: bool = False  #: it was asked on their behalf
    active: bool = True
    member: bool = False  #: of a group that decides, or in the stead of one
    left: bool = False  #: was a member when it was asked
    voted: bool = False  #: is one of the two whose votes decided, where votes did
    breaks: bool = False  #: may override the policy


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """How an escalation stands."""

    name: str
    incident: bool = False
    over: str = ""  #: what a click after the end hears; empty while it waits for people
    held: bool = False  #: approved, and not taken
    taken: bool = False
    votes: int = 0  #: how many of the two have voted
    asked: bool = False  #: a question waits for an answer


DECIDED = "already-decided"

STATES = {
    state.name: state
    for state in (
        State(name="pending"),
        State(name="one of two votes", votes=1),
        State(name="question open", asked=True),
        State(name="approved", over=DECIDED, held=True, votes=2),
        State(name="released", over=DECIDED, taken=True, votes=2),
        State(name="succeeded", over=DECIDED, taken=True, votes=2),
        State(name="rejected", over=DECIDED),
        State(name="expired", over="expired"),
        State(name="withdrawn", over="withdrawn"),
        State(name="stopped", over=DECIDED, votes=2),
        State(name="void", over=DECIDED, votes=2),
        State(name="lapsed", over=DECIDED, votes=2),
        State(name="incident pending", incident=True),
        State(name="incident resolved", incident=True, over="already-terminal"),
    )
}

#: What people do, by the names that buttons go by.
VERBS = ("vote:go", "vote:stop", "stop", "withdraw", "add_reason", "acknowledge", "extend", "ask",
         "answer", "resolve", "break_glass")  # fmt: skip


def owed(who: Who, state: State, verb: str) -> str:
    """`yes`, or the reason why not."""
    return _OWED[verb.partition(":")[0]](who, state, verb)


def _person(who: Who, state: State) -> str:
    """Why somebody may not act for a group; empty where they may."""
    if who.stranger:
        return "not-a-member"
    if who.asks:
        return "requester"
    if not who.known:
        return "unknown-account"
    if not who.active:
        return "not-a-member"
    if who.member:
        return ""
    return "no-longer-eligible" if who.left else "not-in-group"


def _helper(who: Who, state: State) -> str:
    """The same for what decides nothing: of an incident, whoever asked may help, too."""
    if not state.incident or who.stranger or not who.known or not who.active:
        return _person(who, state) if not who.asks or not state.incident else ""
    # Whoever was called when it was opened may help also after they left.
    return "" if who.member or who.asks or who.left else "not-in-group"


def _vote(who: Who, state: State, verb: str) -> str:
    if who.stranger:
        return "not-a-member"
    if state.incident:
        return "not-held"
    if state.over:
        again = who.voted and verb == "vote:go" and state.votes == 2
        return "already-voted" if again else state.over
    no = _person(who, state)
    if no or verb == "vote:stop":
        return no or YES
    return "already-voted" if who.voted and state.votes else YES


def _stop(who: Who, state: State, verb: str) -> str:
    if who.stranger:
        return "not-a-member"
    if state.incident:
        return "not-held"
    no = _person(who, state)
    if no or state.held:
        return no or YES
    if state.taken:
        return "already-claimed"
    return state.over or "not-approved"


def _withdraw(who: Who, state: State, verb: str) -> str:
    if who.stranger or not who.asks:
        return "not-your-vote"
    return state.over or YES


def _add_reason(who: Who, state: State, verb: str) -> str:
    return YES if who.voted and state.votes else "not-your-vote"


def _acknowledge(who: Who, state: State, verb: str) -> str:
    return _helper(who, state) or state.over or YES


def _extend(who: Who, state: State, verb: str) -> str:
    no = _person(who, state)
    return no or state.over or ("not-extendable" if state.incident else YES)


def _ask(who: Who, state: State, verb: str) -> str:
    if who.stranger:
        return "not-a-member"
    return state.over or _helper(who, state) or YES


def _answer(who: Who, state: State, verb: str) -> str:
    if who.stranger or not who.asks:
        return "not-your-vote"
    return state.over or (YES if state.asked else "no-question")


def _resolve(who: Who, state: State, verb: str) -> str:
    if who.stranger:
        return "not-a-member"
    if not state.incident:
        return "not-an-incident"
    return _helper(who, state) or state.over or YES


def _break_glass(who: Who, state: State, verb: str) -> str:
    if who.stranger:
        return "not-a-member"
    if state.incident:
        return "not-held"
    if state.over:
        return state.over
    if who.asks:
        return "requester"
    if not who.known:
        return "unknown-account"
    return YES if who.breaks else "not-in-group"


_OWED = {
    "vote": _vote,
    "stop": _stop,
    "withdraw": _withdraw,
    "add_reason": _add_reason,
    "acknowledge": _acknowledge,
    "extend": _extend,
    "ask": _ask,
    "answer": _answer,
    "resolve": _resolve,
    "break_glass": _break_glass,
}

# -- services -------------------------------------------------------------------------------------

#: What services call, each with the scope it wants.
CALLS = {
    "read": "read",
    "events": "read",
    "context": "open",
    "withdraw": "open",
    "resolve": "open",
    "claim": "claim",
    "outcome": "claim",
}

#: Keys, with their scopes and whether the escalation is their service's own.
KEYS: dict[str, tuple[tuple[str, ...], bool]] = {
    "own key": (("open", "read", "claim"), True),
    "another service's key": (("open", "read", "claim"), False),
    "read-only key": (("read",), True),
    "audit key": (("audit",), False),
    "admin key": (("admin",), True),
    "revoked key": ((), True),
    "no key": ((), True),
}

_CLAIMED = {
    "approved": (200, ""),
    "released": (409, "already-claimed"),
    "succeeded": (409, "already-claimed"),
    "stopped": (409, "stopped"),
    "void": (409, "approval-void"),
    "lapsed": (410, "lapsed"),
}


def answered(key: str, state: State, call: str) -> tuple[int, str]:
    """Status and problem; no problem where it is taken."""
    scopes, own = KEYS[key]
    if not scopes:
        return 401, "unauthorized"
    reads_all = "audit" in scopes and CALLS[call] == "read"
    if CALLS[call] not in scopes and not reads_all:
        return 403, "scope-missing"
    if not own and not reads_all:
        return 404, "not-found"
    return _of_service(state, call)


def _of_service(state: State, call: str) -> tuple[int, str]:
    if call in ("read", "events"):
        return 200, ""
    if call in ("claim", "outcome") and state.incident:
        return 409, "not-held"
    if call == "claim":
        return _CLAIMED.get(state.name, (409, "not-approved"))
    if call == "outcome":
        return (200, "") if state.taken else (409, "not-claimed")
    if call == "resolve" and not state.incident:
        return 409, "not-an-incident"
    return (409, "already-terminal") if state.over else (200, "")
