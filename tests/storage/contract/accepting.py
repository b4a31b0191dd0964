"""People decide alike, and accept that a rule does: the way to a rule in force, in any store."""

from collections.abc import Callable
from dataclasses import replace

from approvals.commands import Claim, Open
from approvals.escalation import Escalation
from approvals.memory.accepted import OURSELVES
from approvals.memory.backtest import backtest
from approvals.memory.proposal import (
    ACCEPT,
    SPANS,
    digest_of,
    digest_to_run,
    request,
    rule_for,
    rules_in_force,
)
from approvals.memory.remembering import remembered
from approvals.memory.suggesting import candidates
from tests.building import a_claim, a_report, a_vote, an_open
from tests.storage.stand import Stand


async def decided_alike(stand: Stand, times: int = 5) -> list[str]:
    """Sam and Priya let it retry, and it goes well."""
    ids = []
    for n in range(times):
        id_ = await stand.open(f"alike{n}")
        await stand.submit(a_vote(id_, ("USAM", "UPRIYA")[n % 2]))
        await stand.submit(a_claim(id_, f"c{n}"))
        await stand.submit(a_report(id_))
        stand.clock.pass_(3600)
        ids.append(id_)
    return ids


def a_proposal(ended: list[Escalation], stand: Stand) -> Open:
    """What Andon asks about it."""
    history = [one for one in map(remembered, ended) if one is not None]
    (found,) = candidates(history, stand.clock.now)
    newest = next(e for e in ended if e.id == found.newest.id)
    rule = rule_for(found, newest, stand.facts.policy.memory, stand.clock.now)
    tests = [backtest(rule, history, stand.clock.now, days) for days in SPANS]
    body = request(rule, found, newest, tests, {})
    asked = an_open("proposal", **body)
    return replace(asked, service=OURSELVES, request=body, digest=digest_of(body))


async def taken(stand: Stand, id_: str) -> None:
    """Andon takes what was accepted."""
    digest = digest_to_run(await stand.read(id_))
    claim = replace(a_claim(id_, "ours", digest=digest), service=OURSELVES)
    assert isinstance(claim, Claim)
    assert (await stand.submit(claim)).refusal is None
    assert (await stand.submit(replace(a_report(id_), service=OURSELVES))).refusal is None


async def looked(stand: Stand, id_: str) -> None:
    """Andon looks at the rules anew."""
    stand.facts.rules = rules_in_force([await stand.read(id_)], stand.clock.now)


async def accepted(stand: Stand, change: Callable[[Escalation], Escalation] = lambda e: e) -> str:
    """The proposal whose rule is in force."""
    ids = await decided_alike(stand)
    command = a_proposal([change(await stand.read(id_)) for id_ in ids], stand)
    settled = await stand.submit(command)
    assert settled.escalation is not None, settled.refusal
    proposal = settled.escalation
    for account in ("URAVI", "ULENA"):
        vote = a_vote(proposal.id, account, ACCEPT, digest=proposal.digest, read_whole=True)
        assert (await stand.submit(vote)).refusal is None
    await taken(stand, proposal.id)
    await looked(stand, proposal.id)
    stand.clock.pass_(3600)
    return proposal.id
