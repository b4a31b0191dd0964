"""What values on the command line mean. Each raises ValueError with what to write instead."""

import re

from andon.operation import Effect, Option

_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}

#: The key of an option, as the server takes it.
_KEY = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}\Z")

#: An end that is meant as an effect. Misspelt it would stand on the button, which then releases.
_EFFECT_LIKE = re.compile(r":[A-Za-z]+\Z")

#: What a command line may say of the context; all of it is for `andon open`.
CONTEXT = ("user_impact", "blast_radius", "rollback", "runbook")

APPROVE = Option("approve", "Approve", "release")
REJECT = Option("reject", "Reject", "abort")


def seconds(text: str) -> int:
    """`90`, `90s`, `15m`, `12h`, `2d` as whole seconds."""
    found = re.fullmatch(r"([1-9][0-9]{0,8})([smhd]?)", text)
    if found is None:
        raise ValueError(f"{text!r} is no duration; write 90s, 15m, 12h or 2d")
    return int(found[1]) * _UNITS[found[2]]


def option(text: str) -> Option:
    """`key=label`, `key=label:release` or `key=label:abort`."""
    key, equals, label = text.partition("=")
    effect: Effect = "release"
    if label.endswith((":release", ":abort")):
        label, _, said = label.rpartition(":")
        effect = "abort" if said == "abort" else "release"
    elif _EFFECT_LIKE.search(label):
        raise ValueError(f"{text!r} does not say what it does; end it with :release or :abort")
    if not equals or not label.strip() or not _KEY.match(key):
        raise ValueError(f"{text!r} is no option; write key=label, or key=label:abort")
    return Option(key, label, effect)


def options(given: list[Option]) -> list[Option]:
    """What people may choose: exactly one option releases COMMAND, for there is one COMMAND.

    Approve and Reject stand in for the side that was not given.
    """
    releases = [one for one in given if one.effect == "release"]
    if len(releases) > 1:
        named = " and ".join(one.key for one in releases[:2])
        raise ValueError(
            f"--option: {named} would both run COMMAND; end what runs nothing with :abort, and "
            "ask for another command with another `andon run`"
        )
    aborts = [one for one in given if one.effect == "abort"]
    whole = [*(() if releases else (APPROVE,)), *given, *(() if aborts else (REJECT,))]
    twice = {one.key for one in whole if [o.key for o in whole].count(one.key) > 1}
    if twice:
        raise ValueError(f"--option: {min(twice)} is there twice; give each a key of its own")
    return whole


def context(text: str) -> tuple[str, str]:
    """`NAME=TEXT`, with a name of CONTEXT."""
    name, _, said = text.partition("=")
    if name not in CONTEXT or not said.strip():
        raise ValueError(f"{text!r} is no context; write NAME=TEXT with {', '.join(CONTEXT)}")
    return name, said


def count(text: str) -> int:
    """A number from one on."""
    if not re.fullmatch(r"[1-9][0-9]{0,8}", text):
        raise ValueError(f"{text!r} is no number from 1 on; write 20, say")
    return int(text)


def lines(text: str) -> int:
    """How many lines of output go with the report."""
    if not re.fullmatch(r"[0-9]{1,4}", text):
        raise ValueError(f"{text!r} is no number of lines; write 20, say")
    return int(text)
