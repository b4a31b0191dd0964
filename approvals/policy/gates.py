"""What keeps a request from being asked: context a rule requires, amounts no rule can read."""

from collections.abc import Iterator

from approvals.policy.asking import Ask
from approvals.policy.match import Match
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

    Such a rule would be dodged by another currency, or by leaving the amount out.
    """
    if ask.kind is Kind.INCIDENT:
        return None
    said = ask.said
    upto = policy.rules[: None if at is None else at + 1]
    gates = [r.match for r in upto if r.match.money and r.match.admits_but_for_money(said)]
    if said.amount is None:
        named = any(match.category for match in gates)
        detail = (
            "The policy decides this by the amount. Give `operation.money`: amount_minor and "
            f"currency, one of {_currencies(gates)}."
        )
        return FieldError(pointer="/operation/money", detail=detail) if named else None
    if not gates or said.amount.currency in _currencies(gates).split(", "):
        return None
    detail = (
        f"The policy has bounds for this in {_currencies(gates)} and none in "
        f"{said.amount.currency}. Add a rule for it."
    )
    return FieldError(pointer="/operation/money/currency", detail=detail)


def _currencies(gates: list[Match]) -> str:
    return ", ".join(dict.fromkeys(m.money.currency for m in gates if m.money))
