"""Interactive elements: buttons, menus, fields; and images, which stand among them."""

from collections.abc import Mapping
from typing import Any

from bot.demo.workspace.blocks.checks import (
    Check,
    Place,
    array,
    boolean,
    integer,
    one_of,
    shape,
    string,
    url,
)
from bot.demo.workspace.blocks.objects import (
    CHOICE_OPTION,
    CONFIRM,
    IDENTIFIER,
    MENU_OPTION,
    OPTION_GROUP,
    OVERFLOW_OPTION,
    options_once,
    options_or_groups,
    plain,
)

ACCOUNT = string(255, pattern=r"[UW][A-Z0-9]+")
DAY = string(10, pattern=r"\d{4}-\d\d-\d\d")
HOUR = string(5, pattern=r"([01]\d|2[0-3]):[0-5]\d")

_ASKS: dict[str, Check] = {"action_id": IDENTIFIER, "confirm": CONFIRM}
_FIELD: dict[str, Check] = {
    "action_id": IDENTIFIER,
    "placeholder": plain(150),
    "focus_on_load": boolean,
}
_MENU: dict[str, Check] = {**_FIELD, "confirm": CONFIRM}
_SEVERAL: dict[str, Check] = {**_MENU, "max_selected_items": integer(1, 100)}
_DISPATCH = shape(
    {"trigger_actions_on": array(one_of("on_enter_pressed", "on_character_entered"), 1, 2)}
)


def _lengths_agree(element: Mapping[str, Any], place: Place) -> None:
    """A field that no text can satisfy is refused."""
    least, most = element.get("min_length", 0), element.get("max_length", 3000)
    if least > most:
        place.refuse("min_length must be at most max_length")
    if len(element.get("initial_value", "")) > most:
        place.at("initial_value").refuse(f"must be less than {most + 1} characters")


BUTTON = shape(
    {"text": plain(75)},
    {
        "action_id": IDENTIFIER,
        "value": string(2000),
        "url": url(),
        "style": one_of("primary", "danger"),
        "confirm": CONFIRM,
        "accessibility_label": string(75),
    },
)

IMAGE = shape({"image_url": url(), "alt_text": string(2000)})

PLAIN_TEXT_INPUT = shape(
    {},
    {
        **_FIELD,
        "initial_value": string(3000, least=0),
        "multiline": boolean,
        "min_length": integer(0, 3000),
        "max_length": integer(1, 3000),
        "dispatch_action_config": _DISPATCH,
    },
    _lengths_agree,
)

_CHOICES = {"options": array(CHOICE_OPTION, 1, 10)}
_FOCUS: dict[str, Check] = {**_ASKS, "focus_on_load": boolean}

#: Every element the stand-in knows, by type.
ELEMENTS: dict[str, Check] = {
    "button": BUTTON,
    "image": IMAGE,
    "overflow": shape({"options": array(OVERFLOW_OPTION, 1, 5)}, _ASKS, options_once),
    "static_select": shape(
        {},
        {
            **_MENU,
            "options": array(MENU_OPTION, 1, 100),
            "option_groups": array(OPTION_GROUP, 1, 100),
            "initial_option": MENU_OPTION,
        },
        options_or_groups,
        options_once,
    ),
    "multi_static_select": shape(
        {},
        {
            **_SEVERAL,
            "options": array(MENU_OPTION, 1, 100),
            "option_groups": array(OPTION_GROUP, 1, 100),
            "initial_options": array(MENU_OPTION, 1, 100),
        },
        options_or_groups,
        options_once,
    ),
    "users_select": shape({}, {**_MENU, "initial_user": ACCOUNT}),
    "multi_users_select": shape({}, {**_SEVERAL, "initial_users": array(ACCOUNT, 1, 100)}),
    "radio_buttons": shape(_CHOICES, {**_FOCUS, "initial_option": CHOICE_OPTION}, options_once),
    "checkboxes": shape(
        _CHOICES, {**_FOCUS, "initial_options": array(CHOICE_OPTION, 1, 10)}, options_once
    ),
    "datepicker": shape({}, {**_MENU, "initial_date": DAY}),
    "timepicker": shape({}, {**_MENU, "initial_time": HOUR, "timezone": string(100)}),
    "datetimepicker": shape({}, {**_FOCUS, "initial_date_time": integer(10**9, 10**10)}),
    "plain_text_input": PLAIN_TEXT_INPUT,
    "email_text_input": shape(
        {}, {**_FIELD, "initial_value": string(3000), "dispatch_action_config": _DISPATCH}
    ),
    "url_text_input": shape(
        {}, {**_FIELD, "initial_value": url(), "dispatch_action_config": _DISPATCH}
    ),
    "number_input": shape(
        {"is_decimal_allowed": boolean},
        {
            **_FIELD,
            "initial_value": string(50),
            "min_value": string(50),
            "max_value": string(50),
            "dispatch_action_config": _DISPATCH,
        },
    ),
}

_TYPED = {"plain_text_input", "email_text_input", "url_text_input", "number_input"}


def among(*left_out: str) -> dict[str, Check]:
    """All elements but some."""
    return {kind: check for kind, check in ELEMENTS.items() if kind not in left_out}


#: Which elements each block may hold.
IN_ACTIONS = among("image", "multi_static_select", "multi_users_select", *_TYPED)
IN_SECTION = among(*_TYPED)
IN_INPUT = among("button", "image", "overflow")
