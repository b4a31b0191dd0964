"""What no accepted rule ever decides, however often people decided it alike: one place for it.

The kinds stand in `approvals.categories` (`reserved`). Here is what is looked at besides: how bad
it is, whether it can be undone, and whether people can see what they would leave to a rule.
"""

from approvals.categories import category
from approvals.escalation import Operation, Option
from approvals.words import Effect, Friction, Kind, Severity


def reserved(
    *,
    kind: Kind,
    category_slug: str,
    environment: str,
    severity: Severity,
    operation: Operation | None,
    option: Option | None,
) -> str | None:
    """Why people decide about this themselves; None where a rule may that they accepted."""
    row = category(category_slug)
    there = not row.reserved_where or environment.casefold() in row.reserved_where
    if row.reserved is not None and there:
        return row.reserved
    if kind is not Kind.APPROVAL or operation is None:
        return "nothing is held"
    if severity is Severity.CRITICAL:
        return "it is critical"
    return _of_operation(operation) or _of_option(option)


def _of_operation(operation: Operation) -> str | None:
    if operation.money is not None:
        return "money never moves by itself"
    if "sql" in operation.arguments:
        return "people read a statement before it runs"
    # Two operations that differ in a hidden value look the same.
    return "a value of it is hidden" if operation.redacted else None


def _of_option(option: Option | None) -> str | None:
    if option is None or option.effect is not Effect.RELEASE:
        return "nothing is released"
    if option.irreversible or option.friction is not Friction.TAP:
        return "it cannot be undone"
    sql = option.arguments is not None and "sql" in option.arguments
    return "people read a statement before it runs" if sql else None
