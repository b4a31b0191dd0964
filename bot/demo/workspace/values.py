"""What is typed and chosen in a view: its first state, and what a client lets through."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bot.demo.workspace.blocks import elements_of

Blocks = Sequence[Mapping[str, Any]]
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


def initial_values(blocks: Blocks) -> Values:
    """`state.values` before anybody typed: inputs, and menus that stand elsewhere."""
    values: Values = {}
    for block, element in _stateful(blocks):
        values.setdefault(block["block_id"], {})[element["action_id"]] = _initial(element)
    return values


def _stateful(blocks: Blocks) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """Elements that hold something, with their blocks."""
    for block in blocks:
        for element in elements_of(block):
            if element["type"] in _KEPT:
                yield block, element


def _initial(element: Mapping[str, Any]) -> dict[str, Any]:
    kept, initial = _KEPT[element["type"]]
    nothing: Any = [] if kept.endswith("s") else None
    return {"type": element["type"], kept: element.get(initial, nothing)}


def entered(blocks: Blocks, given: Mapping[str, Any], before: Values) -> Values:
    """`state.values` after somebody filled the view in, which `before` held what is left alone.

    `given` is keyed by block, or shorter by action, with whole states or just the text typed or
    the value of the option chosen. Raises LookupError for a field or option that is not there.
    """
    values = {block: dict(states) for block, states in before.items()}
    known = set()
    for block, element in _stateful(blocks):
        block_id, action_id = block["block_id"], element["action_id"]
        name, state = _given(given, block_id, action_id, siblings=before[block_id])
        if name is not None:
            known.add(name)
            values[block_id][action_id] = _state(element, state)
    if given.keys() - known:
        strange = sorted(given.keys() - known)
        raise LookupError(f"The view has no field {strange}, only {sorted(values)}.")
    return values


def _given(
    given: Mapping[str, Any], block_id: str, action_id: str, *, siblings: Mapping[str, Any]
) -> tuple[str | None, Any]:
    """The name this field was found under, with what was given for it."""
    if block_id not in given:
        return (action_id, given[action_id]) if action_id in given else (None, None)
    by_block = given[block_id]
    if not isinstance(by_block, Mapping) or not by_block.keys() & siblings.keys():
        return block_id, by_block
    return (block_id, by_block[action_id]) if action_id in by_block else (None, None)


def _state(element: Mapping[str, Any], given: Any) -> dict[str, Any]:
    kept = kept_in(element["type"])
    if isinstance(given, Mapping):
        if kept not in given:
            raise LookupError(f"A {element['type']} keeps {kept}, not {sorted(given)}.")
        return {"type": element["type"], **given}
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


def client_errors(blocks: Blocks, values: Values) -> dict[str, str]:
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
