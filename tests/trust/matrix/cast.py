"""Who is in the matrix: the policy, everybody who clicks, and what is asked."""

from dataclasses import replace

from approvals.people import People
from tests.trust.matrix.rules import Who

POLICY = """
zone = "Europe/Berlin"
fallback = "dir"
[people]
ada = { name = "Ada", accounts = ["UADA"] }
bea = { name = "Bea", accounts = ["UBEA"] }
ana = { name = "Ana", accounts = ["UANA"] }
ben = { name = "Ben", accounts = ["UBEN"] }
rea = { name = "Rea", accounts = ["UREA", "UREB"], emails = ["rea@example.com"] }
own = { name = "Owen", accounts = ["UOWN"] }
out = { name = "Outis", accounts = ["UOUT"] }
dea = { name = "Dea", accounts = ["UDEA"] }
rem = { name = "Rem", accounts = ["UREM"] }
abs = { name = "Abs", accounts = ["UABS"] }
sub = { name = "Sub", accounts = ["USUB"] }
dir = { name = "Dir", accounts = ["UDIR"] }
dix = { name = "Dix", accounts = ["UDIX"] }
[owners]
data-sync = ["own"]
[groups]
one = { members = ["ada", "ana", "rea", "own", "dea", "rem", "abs"], substitutes = true }
two = { members = ["bea", "ben"] }
directors = { members = ["dir", "dix"] }
[channels]
operations = { id = "C0OPERATIONS" }
[break_glass]
group = "directors"
needed = 2
[[rules]]
name = "two groups"
match = { category = "deployment" }
requirements = [{ group = "one", needed = 1 }, { group = "two", needed = 1 }]
channel = "operations"
[[rules]]
name = "incidents"
match = { category = "service_health" }
requirements = [{ group = "one", needed = 1 }, { group = "two", needed = 1 }]
channel = "operations"
"""

#: Everybody who clicks.
PEOPLE: dict[str, Who] = {
    "an approver": Who(account="UANA", member=True),
    "the other group's approver": Who(account="UBEN", member=True),
    "an approver who voted": Who(account="UADA", member=True, voted=True),
    "the requester": Who(account="UREA", asks=True),
    "the requester's other account": Who(account="UREB", asks=True),
    "an owner who is an approver": Who(account="UOWN", member=True),
    "somebody of another group": Who(account="UDIR", breaks=True),
    "somebody of no group": Who(account="UOUT"),
    "an unknown account": Who(account="UNOBODY", known=False),
    "a guest": Who(account="UGUEST", stranger=True),
    "somebody of another workspace": Who(account="UFOREIGN", stranger=True),
    "a bot": Who(account="UROBOT", stranger=True),
    "a deactivated approver": Who(account="UDEA", active=False),
    "an approver removed from the group": Who(account="UREM", left=True),
    "a substitute": Who(account="USUB", member=True),
}

OPTIONS = [
    {"key": "go", "label": "Deploy it", "effect": "release"},
    {"key": "stop", "label": "Leave it", "effect": "abort"},
]
REA = {"id": "rea@example.com", "name": "Rea"}


def as_they_click(everyone: People) -> People:
    """Dea is deactivated, and Rem has left the group."""
    persons = {**everyone.persons, "dea": replace(everyone.persons["dea"], active=False)}
    groups = {**everyone.groups, "one": everyone.groups["one"] - {"rem"}}
    return replace(everyone, persons=persons, groups=groups)
