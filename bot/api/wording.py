"""What is wrong with a field, in a sentence that can be read aloud: what it is and what to do."""

from collections.abc import Callable, Mapping
from typing import Any

from pydantic_core import ErrorDetails

from bot.api import models

#: What each pattern of the models asks for.
PATTERNS: Mapping[str, str] = {
    models.SLUG: "Write it in lower case with underscores, such as `schema_migration`, at most 40.",
    models.KEY: "Use a-z, 0-9, - and _ only, at most 40, and start with a letter or digit.",
    models.ONE_LINE: "Write one line of text; it may not be blank or hold control characters.",
    models.DIGEST: "A digest is `sha256:` and 64 hex digits in lower case.",
    models.ACCOUNT: "A Slack account is an id such as `U024BE7LH`.",
    models.CURRENCY: "A currency is three capital letters, such as `EUR`.",
    models.TARGET: "Use 1 to 20 of a-z, 0-9, dot, _ and -: people may have to type it.",
    models.ADDRESS: "An address starts with https:// or http://.",
    models.ENVIRONMENT: "Use letters, digits, dot, _ and - only, at most 40.",
    models.VISIBLE: "Use visible ASCII characters only, without spaces.",
}

_SENTENCES: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "missing": lambda c: "It is required.",
    "extra_forbidden": lambda c: "There is no such field; mind the spelling, or leave it out.",
    "string_type": lambda c: "It must be a text.",
    "int_type": lambda c: "It must be a whole number.",
    "int_parsing": lambda c: "It must be a whole number.",
    "int_from_float": lambda c: "It must be a whole number.",
    "bool_type": lambda c: "It must be true or false.",
    "dict_type": lambda c: "It must be an object.",
    "model_type": lambda c: "It must be an object.",
    "model_attributes_type": lambda c: "It must be an object.",
    "list_type": lambda c: "It must be a list.",
    "enum": lambda c: f"It must be {c['expected']}.",
    "string_pattern_mismatch": lambda c: PATTERNS[c["pattern"]],
    "string_too_short": lambda c: (
        "It is empty."
        if c["min_length"] == 1
        else f"Say it in {c['min_length']} characters or more."
    ),
    "string_too_long": lambda c: f"It is too long: at most {c['max_length']:,} characters.",
    "too_short": lambda c: f"Give at least {c['min_length']}.",
    "too_long": lambda c: f"Give at most {c['max_length']}.",
    "greater_than": lambda c: f"It must be more than {c['gt']:,}.",
    "greater_than_equal": lambda c: f"It must be {c['ge']:,} or more.",
    "less_than": lambda c: f"It must be less than {c['lt']:,}.",
    "less_than_equal": lambda c: f"It must be {c['le']:,} or less.",
    "value_error": lambda c: str(c["error"]),
}


def sentence(error: ErrorDetails) -> str:
    """What to do about one error of a model; nothing of what was sent is repeated."""
    said = _SENTENCES.get(error["type"])
    return said(error.get("ctx", {})) if said else f"{error['msg']}."
