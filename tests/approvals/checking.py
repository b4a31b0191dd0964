"""A small policy, and what is said of it with something added."""

from approvals.policy.load import PolicyError, parse_policy


def found(text: str) -> list[tuple[int, str]]:
    """Line and reason of every finding."""
    try:
        parse_policy(text)
    except PolicyError as error:
        return [(f.line, f.reason) for f in error.findings]
    return []


HEAD = """
[people]
mia = { name = "Mia", accounts = ["UMIA"] }
tom = { name = "Tom", accounts = ["UTOM"] }
zoe = { name = "Zoe", accounts = ["UZOE"] }
nil = { name = "Nil" }
[owners]
payments = ["mia"]
[groups]
ops = { members = ["mia", "tom"] }
more = { slack_usergroup = "S0MORE" }
[channels]
open = { id = "C0OPEN" }
closed = { id = "C0CLOSED", private = true }
"""
RULE = '[[rules]]\nname = "it"\nrequirements = [{ group = "ops" }]\n'


def said(more: str = "", rule: str = RULE) -> list[str]:
    """What is said of a policy with this added, in order."""
    return [reason for _, reason in found(HEAD + more + rule)]
