"""What keeps a request from being asked: context a rule requires, amounts no rule can read."""

from collections.abc import Iterator, Sequence

from approvals.policy.asking import Ask
from approvals.policy.match import MoneyMatch
from approvals.policy.model import Policy, Rule
from approvals.refusals import FieldError
from approvals.words import Kind

#: What each part of the context should say.
WHAT_TO_SAY = {
    "error": "what failed, with message and traceback",
    "attempts": "what was tried before",
    "system_state": "how things stand now",
    "configuration": "the settings that matter here",
    "recent_changes": "what changed lately",
    "affected_services": "which services this touches",
    "user_impact": "what users notice, or that they do not",
    "blast_radius": "how far it could reach",
    "rollback": "how it is undone, or that it cannot be",
    "runbook": "the address of the instructions",
    "links": "where more is to be read",
}


def lacking_context(rule: Rule | None, ask: Ask) -> Iterator[FieldError]:
    """A field error for each part of the context that the rule requires and nobody gave."""
    for part in rule.require_context if rule else ():
        if part not in ask.context:
            detail = f'Rule "{rule.name if rule else ""}" wants it: say {WHAT_TO_SAY[part]}.'
            yield FieldError(pointer=f"/context/{part}", detail=detail)


def unread_amount(policy: Policy, at: int | None, ask: Ask) -> FieldError | None:
    """Whether the request passed rules on amounts that could not read its own.

    Such a rule would be dodged by another currency, by leaving the amount out, or by not saying
    whose transfers of the last 24 h it is to be added to.
    """
    if ask.kind is Kind.INCIDENT:
        return None
    said = ask.said
    upto = policy.rules[: None if at is None else at + 1]
    gates = [r.match for r in upto if r.match.money and r.match.admits_but_for_money(said)]
    bounds = [match.money for match in gates if match.money]
    if ask.money is None:
        return _no_amount(bounds) if any(match.category for match in gates) else None
    known = [bound for bound in bounds if bound.currency == ask.money.currency]
    if bounds and not known:
        return _no_bound(bounds, ask.money.currency)
    passed = (b for b in known if said.amount and not b.admits(said.amount))
    return next((_nothing_to_add(b) for b in passed if b.sum_24h and not _names_one(b, ask)), None)


def _no_amount(bounds: Sequence[MoneyMatch]) -> FieldError:
    detail = (
        "The policy decides this by the amount. Give `operation.money`: amount_minor and "
        f"currency, one of {_currencies(bounds)}."
    )
    return FieldError(pointer="/operation/money", detail=detail)


def _no_bound(bounds: Sequence[MoneyMatch], currency: str) -> FieldError:
    detail = (
        f"The policy has bounds for this in {_currencies(bounds)} and none in {currency}. "
        "Add a rule for it."
    )
    return FieldError(pointer="/operation/money/currency", detail=detail)


def _nothing_to_add(bound: MoneyMatch) -> FieldError:
    detail = (
        f"The policy adds up what the last 24 h moved by {' or '.join(bound.sum_24h)}. "
        "Name at least one: account and beneficiary in `operation.money`, who asks in "
        "`requested_by`."
    )
    return FieldError(pointer="/operation/money", detail=detail)


def _names_one(bound: MoneyMatch, ask: Ask) -> bool:
    """Whether the request says whose transfers it is to be added to."""
    money = ask.money
    named = {
        "account": money and money.account,
        "beneficiary": money and money.beneficiary,
        "requester": ask.requester,
    }
    return any(named[key] for key in bound.sum_24h)


def _currencies(bounds: Sequence[MoneyMatch]) -> str:
    return ", ".join(dict.fromkeys(bound.currency for bound in bounds))
