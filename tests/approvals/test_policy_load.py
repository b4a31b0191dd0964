"""The policy file: every mistake is named with its line and what to do; good files have none."""

import pytest

from approvals.policy.load import Finding, PolicyError, parse_policy
from tests.approvals.world import POLICY
from tests.building import SAMPLE

GOOD = """\
zone = "Europe/Berlin"
[people]
ana = { name = "Ana", accounts = ["UANA"], emails = ["ana@example.com"] }
ben = { name = "Ben", accounts = ["UBEN"] }
req = { name = "Req", emails = ["req@example.com"] }
[owners]
payments = ["req"]
[groups]
dba = { members = ["ana", "ben"] }
ops = { slack_usergroup = "S123" }
[channels]
database = { id = "C0DATABASE" }
[[rules]]
name = "migrations"
match = { category = "schema_migration" }
requirements = [{ group = "dba", needed = 2 }]
channel = "database"
[[rules.reversible]]
service = "search"
operation = "reindex*"
option = "go"
[[rules]]
name = "the rest"
requirements = [{ group = "ops", needed = 9 }]
"""

#: What to plant (old text, new text), and the finding it must give: line, place, words.
PLANTED = {
    "not TOML": ('name = "migrations"', "name = migrations", 14, "", "this is not TOML"),
    "not closed": ("needed = 9 }]", "needed = 9 }", 24, "", "this is not TOML"),
    "a key twice": ('name = "the rest"', 'name = "a"\nname = "b"', 24, "", "this is not TOML"),
    "unknown top key": ("[owners]", "[ownrs]", 6, "ownrs", 'did you mean "owners"?'),
    "unlike any key": ("[owners]", "[xyz]", 6, "xyz", "see docs/policy.md"),
    "unknown rule key": (
        'channel = "database"',
        'chanel = "database"',
        17,
        "rules[0].chanel",
        'did you mean "channel"?',
    ),
    "unknown match key": (
        'category = "s',
        'catgory = "s',
        15,
        "rules[0].match.catgory",
        'did you mean "category"?',
    ),
    "unknown requirement key": (
        '"ops", needed = 9',
        '"ops", need = 9',
        24,
        "rules[1].requirements[0].need",
        'did you mean "needed"?',
    ),
    "unknown person key": (
        'name = "Ben"',
        'nam = "Ben", name = "Ben"',
        4,
        "people.ben.nam",
        'did you mean "name"?',
    ),
    "a key of a name": (
        '"go"',
        '"go"\nlabel.x = "y"',
        22,
        "rules[0].reversible[0].label",
        "see docs/policy.md",
    ),
    "our own key": ('zone = "', 'text = "x"\nzone = "', 1, "text", "there is no such key"),
    "a rule without a name": ('name = "the rest"\n', "", 22, "rules[1].name", "is missing"),
    "a rule without requirements": (
        'requirements = [{ group = "ops", needed = 9 }]\n',
        "",
        22,
        "rules[1].requirements",
        "is missing",
    ),
    "nobody required": (
        '[{ group = "ops", needed = 9 }]',
        "[]",
        24,
        "rules[1].requirements",
        "is empty; nobody could decide",
    ),
    "text for a number": (
        "needed = 9",
        'needed = "9"',
        24,
        "rules[1].requirements[0].needed",
        "should be a valid integer",
    ),
    "none needed": (
        "needed = 9",
        "needed = 0",
        24,
        "rules[1].requirements[0].needed",
        "greater than or equal to 1",
    ),
    "text for yes": (
        'name = "the rest"',
        'name = "the rest"\nexclude_requester = "no"',
        24,
        "rules[1].exclude_requester",
        "should be a valid boolean",
    ),
    "a number for a zone": ('"Europe/Berlin"', "5", 1, "zone", "should be a valid string"),
    "no such severity": (
        'category = "schema_migration"',
        'severity = "grave"',
        15,
        "rules[0].match.severity",
        "should be 'low', 'medium', 'high' or 'critical'",
    ),
    "no time at all": (
        'name = "the rest"',
        'name = "the rest"\ndecide_within_s = 0',
        24,
        "rules[1].decide_within_s",
        "should be greater than 0",
    ),
    "a bad id": ("ben = {", '"Ben B" = {', 4, "people.Ben B", "lower case letters"),
    "no account of Slack": ('"UBEN"', '"@ben"', 4, "people.ben.accounts[0]", "match pattern"),
    "no channel of Slack": ("C0DATABASE", "#database", 12, "channels.database.id", "match pattern"),
    "a bare star": (
        'operation = "reindex*"',
        'operation = "*"',
        20,
        "rules[0].reversible[0].operation",
        "a bare * would lift it for everything",
    ),
    "a star in disguise": (
        'service = "search"',
        'service = "[a-z]*?"',
        19,
        "rules[0].reversible[0].service",
        "a bare * would lift it for everything",
    ),
    "no such zone": ("Europe/Berlin", "Europe/Bonn", 1, "zone", 'unknown time zone "Europe/Bonn"'),
    "no zone": ("Europe/Berlin", "", 1, "zone", "unknown time zone"),
    "an unknown member": (
        '["ana", "ben"]',
        '["ana", "bem"]',
        9,
        "groups.dba.members[1]",
        'unknown person "bem"; did you mean "ben"?',
    ),
    "an unknown owner": (
        'payments = ["req"]',
        'payments = ["zzz"]',
        7,
        "owners.payments[0]",
        'unknown person "zzz"; known: ana, ben, req',
    ),
    "an unknown group": (
        'group = "ops"',
        'group = "opps"',
        24,
        "rules[1].requirements[0].group",
        'unknown group "opps"; did you mean "ops"?',
    ),
    "an unknown channel": (
        'channel = "database"',
        'channel = "data"',
        17,
        "rules[0].channel",
        'unknown channel "data"; did you mean "database"?',
    ),
    "an empty group": (
        '{ slack_usergroup = "S123" }',
        "{}",
        10,
        "groups.ops",
        "is empty; an empty group never means anyone",
    ),
    "a member without an account": (
        '["ana", "ben"]',
        '["ana", "ben", "req"]',
        9,
        "groups.dba.members[2]",
        "req has no account, so could never decide",
    ),
    "an account twice": (
        '"UBEN"',
        '"UBEN", "UANA"',
        4,
        "people.ben.accounts[1]",
        "UANA already belongs to ana; one human, one person",
    ),
    "an address twice": (
        "req@",
        "Ana@",
        5,
        "people.req.emails[0]",
        "Ana@example.com already belongs to ana",
    ),
    "a rule's name twice": (
        "the rest",
        "migrations",
        23,
        "rules[1].name",
        'there is another rule "migrations" above',
    ),
    "a group twice": (
        "needed = 2 }",
        'needed = 1 }, { group = "dba" }',
        16,
        "rules[0].requirements[1].group",
        '"dba" is named twice; write how many with `needed`',
    ),
    "a quorum nobody can meet": (
        "needed = 2",
        "needed = 3",
        16,
        "rules[0].requirements",
        "wants 3 people and only 2 can be found",
    ),
    "a rule never reached": (
        "match = { category",
        "# match = { category",
        22,
        "rules[1].match",
        'never reached: "migrations" matches first',
    ),
    "a default beyond the longest": (
        'name = "the rest"',
        'name = "the rest"\nclaim_within_s = 600\nclaim_within_max_s = 60',
        24,
        "rules[1].claim_within_s",
        "is more than claim_within_max_s, 60",
    ),
    "a deadline beyond the longest": (
        'name = "the rest"',
        'name = "the rest"\ndecide_within_s = 600\ndecide_within_max_s = 60',
        24,
        "rules[1].decide_within_s",
        "is more than decide_within_max_s, 60",
    ),
    "money in everybody's channel": (
        "schema_migration",
        "large_transaction",
        17,
        "rules[0].channel",
        "large_transaction is not everybody's business",
    ),
}


def findings(text: str) -> tuple[Finding, ...]:
    """What is wrong with a file."""
    with pytest.raises(PolicyError) as caught:
        parse_policy(text)
    return caught.value.findings


@pytest.mark.parametrize("text", [GOOD, SAMPLE, POLICY], ids=["good", "sample", "world"])
def test_a_good_file_has_no_findings(text: str) -> None:
    """And is known by the hash of its text."""
    policy = parse_policy(text)
    assert policy.text == text
    assert policy.version.startswith("sha256:")
    assert policy.version != parse_policy(text + "\n# a comment\n").version


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[rules]", "rules: is a list; write [[rules]] before each"),
        ("people = 3", "people: is a table: { ... }"),
        ("[[rules]]\nname = 'x'\nrequirements = 3", "rules[0].requirements: is a list: [ ... ]"),
    ],
)
def test_a_wrong_form_is_said_in_words_of_toml(text: str, said: str) -> None:
    (found,) = findings(text)
    assert f"{found.where}: {found.reason}" == said


@pytest.mark.parametrize("name", PLANTED)
def test_a_mistake_is_named_with_its_line(name: str) -> None:
    """One finding, at the exact line, saying what is wrong or what there is instead."""
    old, new, line, where, words = PLANTED[name]
    assert old in GOOD
    (found,) = findings(GOOD.replace(old, new, 1))
    assert (found.line, found.where) == (line, where)
    assert words in found.reason


def test_all_mistakes_are_named_at_once() -> None:
    """In one message of lines like a compiler's."""
    text = GOOD.replace('"dba"', '"dbb"').replace("Europe/Berlin", "Berlin")
    with pytest.raises(PolicyError) as caught:
        parse_policy(text, "ours.toml")
    assert str(caught.value).splitlines() == [
        'ours.toml:1: zone: unknown time zone "Berlin"; write one like "Europe/Berlin"',
        'ours.toml:16: rules[0].requirements[0].group: unknown group "dbb"; did you mean "dba"?',
    ]


def test_a_file_that_is_not_toml_is_named_by_line_alone() -> None:
    """There is no place in it yet."""
    with pytest.raises(PolicyError, match=r"^policy\.toml:2: this is not TOML: "):
        parse_policy("a = 1\nb =\n")


def test_a_user_group_may_fill_any_quorum() -> None:
    """Who is in it is known only when Slack is asked."""
    assert parse_policy(GOOD).rules[1].requirements[0].needed == 9


def test_mixed_with_an_unknown_group_only_that_is_named() -> None:
    """No quorum is reckoned with a group that is not there."""
    (found,) = findings(GOOD.replace('"dba", needed = 2', '"nobody", needed = 20'))
    assert found.reason == 'unknown group "nobody"; known: dba, ops'


def rules(*matches: str) -> str:
    """A policy with these matches, in order."""
    head = GOOD.partition("[[rules]]")[0]
    return head + "\n".join(
        f'[[rules]]\nname = "{n}"\nmatch = {{ {match} }}\nrequirements = [{{ group = "dba" }}]'
        for n, match in enumerate(matches)
    )


@pytest.mark.parametrize(
    ("before", "later"),
    [
        ("", 'environment = "production"'),
        ('environment = "production"', 'environment = "production"'),
        ('environment = "prod*"', 'environment = "production"'),
        ('environment = "prod*"', 'environment = ["prod-*", "production"]'),
        ('environment = ["x", "*"]', 'environment = "a?c", service = "s"'),
        ('severity = "high"', 'severity = "critical"'),
        ('severity = "high"', 'severity = "high", service = "s"'),
        ('operation = "a?c"', 'operation = "abc"'),
        ('operation = "a?c"', 'operation = "a?c"'),
    ],
)
def test_a_rule_that_another_always_precedes_is_found(before: str, later: str) -> None:
    """It would never be reached."""
    (found,) = findings(rules(before, later))
    assert (found.where, found.reason) == ("rules[1].match", 'never reached: "0" matches first')


@pytest.mark.parametrize(
    ("before", "later"),
    [
        ('environment = "production"', ""),
        ('environment = "production"', 'environment = "prod*"'),
        ('environment = "production"', 'environment = ["production", "staging"]'),
        ('environment = "production"', 'service = "s"'),
        ('severity = "high"', 'service = "s"'),
        ('severity = "high"', 'severity = "medium"'),
        ('operation = "a?c"', 'operation = "a*c"'),
        ('operation = "[a]*"', 'operation = "a*"'),
    ],
)
def test_a_rule_that_can_be_reached_is_fine(before: str, later: str) -> None:
    """Only certainty stops the start."""
    assert len(parse_policy(rules(before, later)).rules) == 2


def test_a_person_may_name_an_account_twice() -> None:
    """It is the same person."""
    parse_policy(GOOD.replace('["UBEN"]', '["UBEN", "UBEN"]'))


def test_each_rule_keeps_its_own_text() -> None:
    """For Details and the auditor: without what stands around it."""
    text = GOOD + "# at the end\n\n[groups.late]\nmembers = ['ana']\n"
    policy = parse_policy(text)
    assert policy.rule_text(0).startswith('[[rules]]\nname = "migrations"')
    assert policy.rule_text(0).endswith('option = "go"')
    assert policy.rule_text(1).endswith("needed = 9 }]")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (f"x = {'[' * 5000}{']' * 5000}", "is nested too deeply"),
        (f"x = {'1' * 5000}", "this is not TOML: Exceeds the limit"),
    ],
)
def test_what_the_reader_cannot_bear_is_a_finding_too(text: str, reason: str) -> None:
    """Not an error of ours: a running server reads whatever is in the file."""
    with pytest.raises(PolicyError) as caught:
        parse_policy(text)
    assert caught.value.findings[0].reason.startswith(reason)
