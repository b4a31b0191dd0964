"""What is typed and chosen in a view: its first state, and what a client lets through."""

from collections.abc import Mapping, Sequence
from typing import Any

Values = dict[str, dict[str, Any]]

REQUIRED = "Please complete this required field."

#: Where each kind of element keeps what was entered, and the field that preselects it.
_KEPT = {
    "plain_text_input": ("value", "initial_value"),
    "email_text_input": ("value", "initial_value"),
    "url_text_input": ("value", "initial_value"),
    "number_input": ("value", "initial_value"),
    "static_select": ("selected_option", "initial_option"),
    "radio_buttons": ("selected_option", "initial_option"),
    "checkboxes": ("selected_options", "initial_options"),
    "multi_static_select": ("selected_options", "initial_options"),
    "users_select": ("selected_user", "initial_user"),
    "multi_users_select": ("selected_users", "initial_users"),
    "datepicker": ("selected_date", "initial_date"),
    "timepicker": ("selected_time", "initial_time"),
    "datetimepicker": ("selected_date_time", "initial_date_time"),
}


def kept_in(kind: str) -> str:
    """The field of `view.state` an element of this kind is kept in."""
    return _KEPT[kind][0]


def initial_values(blocks: Sequence[Mapping[str, Any]]) -> Values:
    """`state.values` before anybody typed."""
    return {
        block["block_id"]: {block["element"]["action_id"]: _initial(block["element"])}
        for block in blocks
        if block["type"] == "input"
    }


def _initial(element: Mapping[str, Any]) -> dict[str, Any]:
    kept, initial = _KEPT[element["type"]]
    nothing: Any = [] if kept.endswith("s") else None
    return {"type": element["type"], kept: element.get(initial, nothing)}


def entered(blocks: Sequence[Mapping[str, Any]], given: Mapping[str, Any]) -> Values:
    """`state.values` after somebody filled the view in.

    `given` is keyed by block, or shorter by action, with whole states or just the text typed or
    the value of the option chosen. Raises LookupError for a field or option that is not there.
    """
    values = initial_values(blocks)
    left = dict(given)
    for block in blocks:
        if block["type"] == "input":
            element = block["element"]
            state = _given(left, block["block_id"], element["action_id"])
            if state is not None:
                values[block["block_id"]][element["action_id"]] = _state(element, state)
    if left:
        raise LookupError(f"The view has no field {sorted(left)}, only {sorted(values)}.")
    return values


def _given(left: dict[str, Any], block_id: str, action_id: str) -> Any:
    by_block = left.pop(block_id, None)
    if isinstance(by_block, Mapping) and action_id in by_block:
        return by_block[action_id]
    return by_block if by_block is not None else left.pop(action_id, None)


def _state(element: Mapping[str, Any], given: Any) -> dict[str, Any]:
    if isinstance(given, Mapping):
        return {"type": element["type"], **given}
    kept = kept_in(element["type"])
    if kept == "selected_option":
        return {"type": element["type"], kept: option_of(element, given)}
    if kept == "selected_options":
        return {"type": element["type"], kept: [option_of(element, one) for one in given]}
    return {"type": element["type"], kept: given or None}


def option_of(element: Mapping[str, Any], value: str) -> Mapping[str, Any]:
    """The option with this value. Raises LookupError."""
    groups = element.get("option_groups", [element])
    for one in (option for group in groups for option in group["options"]):
        if one["value"] == value:
            return one  # type: ignore[no-any-return]
    raise LookupError(f"There is no option {value!r} to choose.")


def client_errors(blocks: Sequence[Mapping[str, Any]], values: Values) -> dict[str, str]:
    """What a Slack client itself asks to correct, before anything reaches the app."""
    errors = {}
    for block in blocks:
        if block["type"] == "input":
            element = block["element"]
            state = values[block["block_id"]][element["action_id"]]
            fault = _fault(block, element, state.get(kept_in(element["type"])))
            if fault:
                errors[block["block_id"]] = fault
    return errors


def _fault(block: Mapping[str, Any], element: Mapping[str, Any], entry: Any) -> str | None:
    if not entry:
        return None if block.get("optional") else REQUIRED
    if element["type"] != "plain_text_input":
        return None
    least, most = element.get("min_length", 0), element.get("max_length", 3000)
    if len(entry) < least:
        return f"Please enter at least {least} characters."
    if len(entry) > most:
        return f"Please enter at most {most} characters; this has {len(entry)}."
    return None
