"""Mistakes planted in small files: each is found at its line, and nothing besides.

A line that should be found wrong ends in `#!` and the beginning of what is said of it.
"""

from pathlib import Path

import pytest

from approvals.policy.check_routes import KEYLESS
from tests.approvals.checking import RULE, found, said
from tests.building import ROOT

FOLDER = Path(__file__).parent / "policies"
BAD = sorted((FOLDER / "bad").glob("*.toml"))
GOOD = sorted((FOLDER / "good").glob("*.toml"))


def planted(text: str) -> list[tuple[int, str]]:
    """The line of each mistake, and what must be said of it."""
    lines = enumerate(text.splitlines(), 1)
    return [(n, line.partition("#!")[2].strip()) for n, line in lines if "#!" in line]


@pytest.mark.parametrize("file", BAD, ids=lambda file: file.stem)
def test_a_planted_mistake_is_found_at_its_line_and_nothing_besides(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    findings, expected = found(text), planted(text)
    assert [line for line, _ in findings] == [line for line, _ in expected]
    pairs = zip(findings, expected, strict=True)
    assert [reason for (_, reason), (_, words) in pairs if words not in reason] == []


def test_there_are_more_than_enough_of_them() -> None:
    """Each file has just one mistake."""
    assert len(BAD) >= 25
    assert {len(planted(file.read_text(encoding="utf-8"))) for file in BAD} == {1}


@pytest.mark.parametrize("file", GOOD, ids=lambda file: file.stem)
def test_a_good_file_has_none(file: Path) -> None:
    assert found(file.read_text(encoding="utf-8")) == []


def test_the_samples_are_good() -> None:
    assert len(GOOD) == 5
    for name in ("policy.toml", "bot/demo/policy.toml"):
        assert found((ROOT / name).read_text(encoding="utf-8")) == []


# -- routes ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    [
        "pagerduty://${PAGERDUTY_KEY}@acme",
        "opsgenie://${OPSGENIE_KEY}/?priority=5",
        "mailto://mail.example.com?to=ops@example.com&from=andon@example.com",
        "mailtos://andon:${MAIL_PASSWORD}@mail.example.com",
        "json://localhost:8080/pages",
        "jsons://user:${HOOK_PASSWORD}@hooks.example.com/a/b?+X-Team=platform-oncall-primary",
        "msteams://${TEAMS_A}/${TEAMS_B}/${TEAMS_C}",
        "twilio://${SID}:${TOKEN}@15551234567/15557654321",
    ],
)
def test_an_address_with_its_secrets_elsewhere_is_fine(address: str) -> None:
    assert said(f'[routes]\nit = {{ address = "{address}" }}\n') == []


@pytest.mark.parametrize(
    "address",
    [
        "pagerduty://abc@acme",
        "mailtos://andon:hunter2@mail.example.com",
        "mailto://mail.example.com?user=andon&pass=hunter2",
        "json://localhost/?apikey=tiger",
        "json://localhost/hooks/a8Kd93jfLq02mNxZ",
        "jsons://${HOST}/xoxb-1234-5678-abcdefghijkl",
        "tgram://12345:token/chat",
        "opsgenie://00000000-aaaa-1111-bbbb-222222222222/${TEAM}",
    ],
)
def test_a_secret_in_plain_is_found_and_never_repeated(address: str) -> None:
    (reason,) = said(f'[routes]\nit = {{ address = "{address}" }}\n')
    assert reason.startswith("a secret stands here in plain; write ${NAME}")
    assert address not in reason


@pytest.mark.parametrize("address", ["pagerduty", "acme.example.com/hook", "Pager://x", "${WHOLE}"])
def test_what_is_no_address_is_said_so(address: str) -> None:
    (reason,) = said(f'[routes]\nit = {{ address = "{address}" }}\n')
    assert reason.startswith("is not an address; write one like")


@pytest.mark.parametrize("place", ["$KEY", "${key}", "${}", "$(KEY)", "${KEY"])
def test_a_place_that_would_not_be_filled_is_found(place: str) -> None:
    (reason,) = said(f'[routes]\nit = {{ address = "pagerduty://{place}@acme" }}\n')
    assert reason == "what comes from the environment is written ${NAME}, in capitals"


def test_only_mail_and_receivers_of_ones_own_need_no_key() -> None:
    assert {"pagerduty", "opsgenie", "msteams", "slack", "twilio"} & KEYLESS == set()


# -- steps ----------------------------------------------------------------------------------------


def steps(*written: str) -> list[str]:
    """What is said of a rule with these steps."""
    return said(rule=RULE + f"steps = [{', '.join(written)}]\n")


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ('{ to = ["approvers", "approvers"] }', '"approvers" is named twice'),
        ('{ to = ["person:mi"] }', 'unknown person "mi"; did you mean "mia"?'),
        ('{ to = ["group:opps"] }', 'unknown group "opps"; did you mean "ops"?'),
        ('{ to = ["channel:opn"] }', 'unknown channel "opn"; did you mean "open"?'),
        ('{ to = ["persn:mia"] }', 'unknown target "persn:mia"; did you mean "person:NAME"?'),
        (
            '{ to = ["owners:payments"] }',
            'unknown target "owners:payments"; did you mean "owners"?',
        ),
        ('{ to = ["person:nil"] }', "ends in nobody: nil has neither an account nor a route"),
        ('{ to = ["channel", "fallback"] }', "ends in nobody: the rule has no channel"),
        ('{ to = ["owners"], repeat = 1 }', "say with every_s how many seconds lie between"),
        ('{ to = ["owners"], every_s = 60 }', "say with repeat how many more times"),
        ("{ to = [] }", "is empty; nobody could decide"),
    ],
)
def test_a_step_that_cannot_be_meant(written: str, reason: str) -> None:
    assert steps(written) == [reason]


def test_two_steps_at_one_moment_are_one_step() -> None:
    assert steps('{ to = ["approvers"] }', '{ to = ["owners"] }') == [
        "comes together with the step before; write one, or after_s"
    ]


def test_a_step_is_fine_while_anyone_may_be_reached() -> None:
    assert steps('{ to = ["channel", "person:nil", "requester"] }') == []
    assert steps('{ after_s = 60, to = ["group:more"], repeat = 2, every_s = 60 }') == []


@pytest.mark.parametrize(
    ("more", "reasons"),
    [
        ("", []),
        (
            "decide_within_s = 600\n",
            ["never reached: due 900 s after opening, the deadline is 600"],
        ),
        ('severity = "critical"\n', []),
        (
            'match = { severity = "critical" }\ndecide_within_s = 900\n',
            ["never reached: due 900 s after opening, the deadline is 900"],
        ),
        ('match = { kind = "incident" }\ndecide_within_s = 600\n', []),
    ],
)
def test_a_step_comes_before_the_deadline(more: str, reasons: list[str]) -> None:
    """Incidents have no deadline: their chain goes on."""
    chain = 'steps = [{ to = ["approvers"] }, { after_s = 900, to = ["owners"] }]\n'
    assert said(rule=RULE + more + chain) == reasons


def test_the_deadline_of_a_rule_is_that_of_the_mildest_it_may_be() -> None:
    chain = 'steps = [{ to = ["approvers"] }, { after_s = 3600, to = ["owners"] }]\n'
    assert said(rule=RULE + chain) == []
    (reason,) = said(rule=RULE + 'match = { category = "pattern_change" }\n' + chain)
    assert reason == "never reached: due 3600 s after opening, the deadline is 3600"
    assert (
        said("[severities.high]\ndecide_within_s = 7200\n", RULE + 'severity = "high"\n' + chain)
        == []
    )


def test_what_is_low_has_no_steps() -> None:
    (reason,) = said('[severities.low]\nsteps = [{ to = ["owners"] }]\n')
    assert reason == "what is low stands in the digest and has no steps"


def test_nobody_is_expected_after_the_deadline() -> None:
    (reason,) = said(rule=RULE + "respond_within_s = 601\ndecide_within_s = 600\n")
    assert reason == "nobody is expected after the deadline, which is at 600"


# -- hours, quiet, rotations ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "rule",
    [
        'severity = "high"',
        'match = { severity = "critical" }',
        'match = { category = ["security", "pattern_change"] }',
        'match = { category = "service_outage", environment = "staging" }',
    ],
)
def test_what_is_never_mild_never_waits(rule: str) -> None:
    (reason,) = said("[hours]\n", RULE + rule + "\nhours = true\n")
    assert reason.endswith("never waits for business hours")


@pytest.mark.parametrize("rule", ["", 'match = { category = ["security", "deployment"] }'])
def test_what_may_be_mild_may_wait(rule: str) -> None:
    """What turns out worse does not."""
    assert said("[hours]\n", RULE + rule + "\nhours = true\n") == []


@pytest.mark.parametrize(
    ("group", "reason"),
    [
        ('members = ["mia", "mia"]', '"mia" is named twice'),
        ('members = ["mia"]\nquiet = ["tom"]', 'unknown member "tom"; known: mia'),
        ('slack_usergroup = "S1"\nquiet = ["tim"]', 'unknown member "tim"; did you mean "tom"?'),
        ('members = ["mia"]\nrotation = { start = "2026-02-30T09:00", days = 7 }', "day is out of"),
        ('members = ["mia"]\nrotation = { start = "2026-01-05T09:00", days = 0 }', "should be gre"),
    ],
)
def test_a_group_that_cannot_be_meant(group: str, reason: str) -> None:
    (found_,) = said(f"[groups.odd]\n{group}\n")
    assert reason in found_


def test_quiet_people_of_a_user_group_need_only_be_known() -> None:
    """Who is in it is known only when Slack is asked."""
    assert said('[groups.odd]\nslack_usergroup = "S1"\nquiet = ["tom"]\n') == []


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ('[hours]\nstart = "9:00"\n', 'write a time of day like "09:00"'),
        ('[hours]\ndays = ["monday"]\n', "should be 'mon'"),
        ('[digest]\nchannel = "open"\nat = ["25:00"]\n', 'write a time of day like "09:00"'),
        ('[digest]\nchannel = "open"\nat = ["09:00", "09:00"]\n', '"09:00" is named twice'),
        ('[break_glass]\ngroup = "directors"\n', 'unknown group "directors"'),
        ('[severities.high]\nfallback = "mi"\n', 'unknown person "mi"'),
        ("[severities.high]\nextend_s = 60\n", 'did you mean "extend_by_s"?'),
        ('[severities.high]\nsteps = [{ too = ["owners"] }]\n', 'did you mean "to"?'),
    ],
)
def test_a_calendar_or_severity_that_cannot_be_meant(more: str, reason: str) -> None:
    assert any(reason in one for one in said(more))


def test_glass_of_a_user_group_may_be_broken() -> None:
    assert said('[break_glass]\ngroup = "more"\n') == []
