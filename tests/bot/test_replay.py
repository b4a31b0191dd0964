"""`policy replay`: names exactly the past escalations that a planted change would have altered."""

import asyncio
import json
import os
import shutil
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from approvals.asked import asked_again
from approvals.commands import (
    Actor,
    AddContext,
    BreakGlass,
    Command,
    Extend,
    RecheckPeople,
    Report,
    Resolve,
    Stop,
    Withdraw,
)
from approvals.escalation import Escalation
from approvals.people import Absence
from approvals.policy.load import parse_policy
from approvals.replay import Difference, Past, Replayed, replay, rerun
from approvals.words import Result as Became
from bot import replay_command
from bot.cli import app
from bot.ids import new_id
from storage.history import open_history
from tests.building import (
    OPERATION,
    START,
    Clock,
    a_claim,
    a_vote,
    an_open,
)
from tests.storage.stand import Stand, on_file

MONEY = {"amount_minor": 9_000_000, "currency": "EUR", "account": "DE02 1203"}
ASKED_BY = {"requested_by": {"id": "lena@example.com"}}


#: The policy under which it all happens.
BASE = (Path(__file__).parent / "replaying.toml").read_text(encoding="utf-8")


class Chronicle:
    """A store in which a few days happen, one story after the other."""

    def __init__(self, stand: Stand) -> None:
        self.stand, self.ids = stand, dict[str, str]()
        self._gone: set[str] = set()
        self._away: dict[str, str] = {}
        stand.facts.policy = parse_policy(BASE)
        listed = stand.facts.facts

        def facts(now: Any) -> Any:
            found = listed(now)
            left = {g: m - self._gone for g, m in found.people.groups.items()}
            later = now + timedelta(days=1)
            away = {
                person: Absence(person=person, substitute=by, since=now, until=later)
                for person, by in self._away.items()
            }
            return replace(found, people=replace(found.people, groups=left, absences=away))

        stand.facts.facts = facts  # type: ignore[method-assign]

    async def open(self, name: str, **changes: Any) -> Escalation:
        """A service asks; an hour after the one before."""
        self.stand.clock.pass_(3600)
        settled = await self.stand.submit(an_open(name, title=name, **changes))
        assert settled.escalation is not None, settled.refusal
        self.ids[name] = settled.escalation.id
        return settled.escalation

    async def do(self, after_s: float, command: Command) -> None:
        """Somebody does something, and it is taken."""
        self.stand.clock.pass_(after_s)
        settled = await self.stand.submit(command)
        assert settled.refusal is None, settled.refusal

    async def vote(
        self, made: Escalation, account: str, after_s: float, option: str = "retry", **more: Any
    ) -> None:
        """Somebody votes."""
        await self.do(after_s, a_vote(made.id, account, option, digest=made.digest, **more))

    async def claim(self, made: Escalation, after_s: float = 1) -> None:
        """The service takes the release, and says how it went."""
        await self.do(after_s, a_claim(made.id, digest=made.digest))
        await self.do(
            5,
            Report(
                **ids(made),
                service="data-sync",
                result=Became.SUCCEEDED,
            ),
        )

    def leave(self, *people: str) -> None:
        """They are in no group any more."""
        self._gone = set(people)

    async def tell(self) -> None:
        """Everything that may happen to an escalation."""
        made = await self.open("recovered")
        await self.vote(made, "USAM", 60)
        await self.claim(made)
        made = await self.open("migrated", category="schema_migration", **ASKED_BY)
        await self.vote(made, "URAVI", 600)
        await self.claim(made)
        made = await self.open("paid", **transfer())
        await self.vote(made, "UMIA", 300)
        await self.vote(made, "UTOM", 900)
        await self.claim(made)
        made = await self.open("rejected", category="deployment")
        await self.vote(made, "UPRIYA", 120, "leave")
        await self.expired(await self.open("expired"))
        made = await self.open("withdrawn")
        await self.do(
            30,
            Withdraw(**ids(made), service="data-sync", reason="mended"),
        )
        made = await self.open("stopped")
        await self.vote(made, "UPRIYA", 60)
        await self.do(10, Stop(**ids(made), actor=Actor(account="USAM")))
        made = await self.open("lapsed")
        await self.vote(made, "USAM", 60)
        self.stand.clock.pass_(900)
        await self.stand.tick(made.id)
        await self.more()

    async def more(self) -> None:
        """The rarer things."""
        made = await self.open("raised", category="deployment", severity="high")
        await self.vote(made, "USAM", 1800)
        await self.claim(made)
        made = await self.open("left", **transfer())
        await self.vote(made, "UMIA", 300)
        self.leave("mia")
        await self.do(30, RecheckPeople(**ids(made)))
        await self.vote(made, "UTOM", 300)
        await self.vote(made, "UOMAR", 300)
        await self.claim(made)
        self.leave()
        made = await self.open("joined", dedup_key="d")
        await self.stand.submit(an_open("again", title="joined", dedup_key="d"))
        context = {"rollback": "none needed"}
        await self.do(
            60,
            AddContext(**ids(made), service="data-sync", context=context),
        )
        await self.vote(made, "USAM", 60, shown=1)
        await self.claim(made)
        made = await self.open("hurried", category="deployment", decide_within_s=600)
        await self.vote(made, "USAM", 500)
        await self.claim(made)
        made = await self.open(
            "both", category="deployment", approvers=["database-admin"], **ASKED_BY
        )
        await self.vote(made, "USAM", 100)
        await self.vote(made, "UINES", 100)
        await self.claim(made)
        await self.latest()
        await self.open("waiting")
        self.stand.clock.pass_(60)

    async def latest(self) -> None:
        """Extensions, overrides, substitutes and incidents."""
        made = await self.open("extended")
        await self.do(3 * 3600, Extend(**ids(made), actor=SAM))
        await self.vote(made, "UPRIYA", 2 * 3600)
        await self.claim(made)
        made = await self.open("overridden", category="deployment")
        for account in ("ULENA", "UOMAR"):
            await self.do(
                60,
                BreakGlass(
                    **ids(made),
                    actor=Actor(account=account),
                    option="retry",
                    digest=made.digest,
                    reason="nobody answers",
                ),
            )
        await self.claim(made)
        self._away = {"sam": "tom"}
        made = await self.open("instead")
        await self.vote(made, "UTOM", 60)
        await self.claim(made)
        self._away = {}
        made = await self.open(
            "resolved", kind="incident", category="service_health", operation=None, options=[]
        )
        await self.do(600, Resolve(**ids(made), actor=SAM, root_cause="a full disk"))

    async def expired(self, made: Escalation) -> None:
        """Nobody decides."""
        self.stand.clock.now = made.deadline_at
        await self.stand.tick(made.id)


def ids(made: Escalation) -> dict[str, str]:
    """Those of a new command about it."""
    return {"id": new_id("cmd"), "escalation_id": made.id}


SAM = Actor(account="USAM")


def transfer() -> dict[str, Any]:
    """Money moves."""
    return {
        "category": "large_transaction",
        "operation": {**OPERATION, "money": MONEY},
        **ASKED_BY,
    }


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str], Clock]:
    """The file in which all of it happened, names to ids, and when it was over."""
    path = tmp_path_factory.mktemp("chronicle") / "andon.db"

    async def tell() -> tuple[Path, dict[str, str], Clock]:
        async with Stand(on_file(path)).opened() as stand:
            chronicle = Chronicle(stand)
            await chronicle.tell()
        return path, chronicle.ids, stand.clock

    return asyncio.run(tell())


Told = tuple[Path, dict[str, str], Clock]


def replayed(told: Told, text: str) -> dict[str, Replayed]:
    """Each story under the policy of that text."""
    path, ids, clock = told
    names = {id_: name for name, id_ in ids.items()}
    before, policy = parse_policy(BASE), parse_policy(text)
    with open_history(path) as history:
        return {
            names[escalation.id]: replay(
                Past(escalation=escalation, records=records, policy=before), policy, clock.now
            )
            for escalation, records in history.since(START)
        }


def differing(told: Told, text: str, what: str = "") -> set[str]:
    """The stories that differ; in that, where it is said."""
    return {
        name
        for name, found in replayed(told, text).items()
        if any(what in ("", d.what) for d in found.differences)
    }


def sample(*pairs: tuple[str, str]) -> str:
    """The sample policy with some text replaced."""
    text = BASE
    for old, new in pairs:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


RECOVERIES = {
    *("recovered", "expired", "withdrawn", "stopped", "lapsed", "joined", "waiting"),
    *("extended", "instead", "resolved"),
}
APPROVALS = RECOVERIES - {"resolved"}
PRODUCTION = {"rejected", "raised", "hurried", "both", "overridden"}
TRANSFERS = {"paid", "left"}
EVERYTHING = RECOVERIES | PRODUCTION | TRANSFERS | {"migrated"}


def test_every_story_is_told(told: Told) -> None:
    """And each opening can be asked again as it was."""
    with open_history(told[0]) as history:
        for escalation, records in history.since(START):
            found = asked_again(records[0])
            assert found is not None
            assert found[0].request["title"] == escalation.title
    assert set(told[1]) == EVERYTHING


@pytest.mark.parametrize("text", [BASE, "# A comment.\n" + BASE])
def test_nothing_differs_under_an_equal_policy(told: Told, text: str) -> None:
    assert {n: f.differences for n, f in replayed(told, text).items() if f.differences} == {}
    assert [found.untold for found in replayed(told, text).values() if found.untold] == []


#: A planted change, whom it touches at all, and whose outcome it alters.
PLANTED: Mapping[str, tuple[str, set[str], set[str]]] = {
    "quorum raised": (
        sample(
            (
                'requirements = [{ group = "platform-oncall", needed = 1 }]\nexclude_requester',
                'requirements = [{ group = "platform-oncall", needed = 2 }]\nexclude_requester',
            )
        ),
        APPROVALS,
        {"recovered", "stopped", "lapsed", "joined", "extended", "instead"},
    ),
    "quorum lowered": (
        sample(('"finance-approvers", needed = 2', '"finance-approvers", needed = 1')),
        TRANSFERS,
        {"paid", "left"},
    ),
    "group changed": (
        sample(('members = ["sam", "priya"]', 'members = ["priya", "tom"]')),
        RECOVERIES | PRODUCTION,
        {
            *("recovered", "stopped", "lapsed", "joined", "extended", "resolved"),
            *("raised", "hurried", "both"),
        },
    ),
    "person left the policy": (
        sample(
            ('ines = { name = "Ines", accounts = ["UINES"], emails = ["ines@example.com"] }\n', ""),
            ('"ravi", "ines", "dana"', '"ravi", "dana"'),
        ),
        {"migrated", "both"},
        {"both"},
    ),
    "deadline shortened": (
        BASE + "decide_within_s = 900\ndecide_within_max_s = 900\n",
        PRODUCTION,
        {"raised"},
    ),
    "severity raised": (
        sample(('name = "recoveries"', 'name = "recoveries"\nseverity = "high"')),
        RECOVERIES,
        {"extended"},
    ),
    "channel moved": (
        sample(
            ('exclude_requester = false\nchannel = "operations"', "exclude_requester = false"),
        ),
        RECOVERIES,
        set(),
    ),
    "claim shortened": (
        sample(("exclude_requester = false", "exclude_requester = false\nclaim_within_s = 5")),
        RECOVERIES,
        {"stopped"},
    ),
    "friction raised": (
        sample(('name = "recoveries"', 'name = "recoveries"\nirreversible = true')),
        APPROVALS,
        set(),
    ),
    "rule renamed": (
        sample(('name = "production migrations"', 'name = "migrations"')),
        {"migrated"},
        set(),
    ),
    "rule taken out": (
        sample(('match = { category = "large_transaction" }', 'match = { category = "nothing" }')),
        TRANSFERS,
        TRANSFERS,
    ),
    "no more time given": (
        sample(("exclude_requester = false", "exclude_requester = false\nextend_by_s = 600")),
        APPROVALS,
        {"extended"},
    ),
    "others break the glass": (
        sample(
            (
                'directors = { members = ["lena", "omar"] }',
                'directors = { members = ["mia", "tom"] }',
            )
        ),
        set(),
        {"overridden"},
    ),
    "nobody breaks the glass": (
        sample(('[break_glass]\ngroup = "directors"\nneeded = 2\n', "")),
        EVERYTHING - {"resolved"},
        {"overridden"},
    ),
    "no substitutes": (
        sample((", substitutes = true", "")),
        RECOVERIES | PRODUCTION,
        {"instead"},
    ),
}


@pytest.mark.parametrize("planted", PLANTED)
def test_a_planted_change_names_exactly_what_it_alters(told: Told, planted: str) -> None:
    text, touched, altered = PLANTED[planted]
    assert differing(told, text) == touched | altered
    assert differing(told, text, "outcome") == altered


def test_a_rule_moved_up_takes_what_another_had(told: Told) -> None:
    """By its name; who decides, where and when, stays as it was."""
    *others, recoveries, production = BASE.split("[[rules]]")
    moved = "[[rules]]".join((*others, production + "\n", recoveries))
    found = {name: one for name, one in replayed(told, moved).items() if one.differences}
    assert set(found) == RECOVERIES
    assert {d for one in found.values() for d in one.differences} == {
        Difference(what="rule", was="recoveries", would_be="production")
    }


def what(told: Told, planted: str, story: str) -> dict[str, tuple[str, str]]:
    """Everything that differs in one story under a planted change."""
    found = replayed(told, PLANTED[planted][0])[story].differences
    return {d.what: (d.was, d.would_be) for d in found}


def test_each_difference_is_said_in_words(told: Told) -> None:
    """As a table shows them."""
    assert what(told, "severity raised", "waiting") == {
        "severity": ("medium", "high"),
        "deadline": ("4 h", "1 h"),
        "respond within": ("1 h", "15 min"),
        "steps": (
            "at once to channel, current; after 1 h to approvers",
            "at once to channel, approvers; after 15 min to approvers",
        ),
        "acknowledge for": ("1 h", "15 min"),
        "extend by": ("2 h", "30 min"),
        "undelivered max": ("4 h", "1 h"),
    }
    assert what(told, "channel moved", "waiting") == {
        "channel": ("operations", "none"),
        "steps": (
            "at once to channel, current; after 1 h to approvers",
            "at once to current; after 1 h to approvers",
        ),
    }
    assert what(told, "friction raised", "waiting") == {"«Try 3 more times»": ("tap", "reason")}
    assert what(told, "rule renamed", "migrated") == {
        "rule": ("production migrations", "migrations")
    }
    assert what(told, "person left the policy", "migrated") == {
        "who": ("Dana, Ines, Ravi", "Dana, Ravi")
    }
    taken_out = what(told, "rule taken out", "paid")
    assert taken_out["requirements"] == ("2 of finance-approvers", "1 of platform-oncall")


def test_an_outcome_says_how_it_was_and_would_be(told: Told) -> None:
    """Who decided what, when, and what became of it."""
    _, would_be = what(told, "quorum raised", "recovered")["outcome"]
    assert would_be == "expired at 2026-11-13 02:30:00Z"
    was, would_be = what(told, "quorum lowered", "paid")["outcome"]
    assert was.startswith("approved «Try 3 more times» by Mia, Tom at ")
    assert was.endswith("Z, then succeeded")
    assert would_be.startswith("approved «Try 3 more times» by Mia at ")
    assert would_be.endswith("Z, then succeeded")


def test_what_would_have_been_refused_at_its_opening_says_why(told: Told) -> None:
    """Nobody would have been asked."""
    nobody = sample(
        ('[{ group = "finance-approvers", needed = 2 }]', '[{ group = "solo" }]'),
        ("[groups]", '[groups]\nsolo = { members = ["lena"] }'),
    )
    (found,) = replayed(told, nobody)["paid"].differences
    assert (found.what, found.was) == ("opening", "taken")
    assert "only 0 can decide once the requester is left out" in found.would_be


@pytest.mark.parametrize(
    ("records", "why"),
    [
        ((), rerun.ERASED),
        ("no command", rerun.ERASED),
        ("no asked", rerun.UNSAID),
    ],
)
def test_what_the_records_do_not_say_is_named_and_not_guessed(
    told: Told, records: Any, why: str
) -> None:
    """Erased bodies, and openings older than this."""
    with open_history(told[0]) as history:
        escalation, known = next(history.since(START))
    if records == "no command":
        records = (*known[:-1], replace(known[-1], command={}, body={}))
    elif records == "no asked":
        records = (replace(known[0], facts={}), *known[1:])
    past = Past(escalation=escalation, records=records, policy=None)
    assert replay(past, parse_policy(BASE), told[2].now).untold == why


# -- groups in Slack -------------------------------------------------------------------------------

IN_SLACK = sample(
    (
        'platform-oncall = { members = ["sam", "priya"], substitutes = true }',
        'platform-oncall = { slack_usergroup = "S0ONCALL", substitutes = true }\n'
        'others = { slack_usergroup = "S0ELSE" }',
    )
)


def in_slack(told: Told, text: str) -> dict[str, Replayed]:
    """The stories as if the on-call group had been in Slack then."""
    path, ids, clock = told
    names = {id_: name for name, id_ in ids.items()}
    with open_history(path) as history:
        return {
            names[escalation.id]: replay(
                Past(escalation=escalation, records=records, policy=parse_policy(IN_SLACK)),
                parse_policy(text),
                clock.now,
            )
            for escalation, records in history.since(START)
        }


def test_members_in_slack_are_those_on_record(told: Told) -> None:
    """Also where the group has another name now: the user group is the same."""
    assert [n for n, f in in_slack(told, IN_SLACK).items() if f.differences or f.untold] == []
    renamed = in_slack(told, IN_SLACK.replace("platform-oncall", "platform"))
    found = {d.what for one in renamed.values() for d in one.differences}
    assert found == {"requirements", "substitutes"}


def test_a_group_in_slack_that_nobody_recorded_is_untold(told: Told) -> None:
    """Only for those it concerns."""
    other = IN_SLACK.replace('group = "platform-oncall"', 'group = "others"')
    found = in_slack(told, other)
    assert {n for n, one in found.items() if one.untold} == RECOVERIES | PRODUCTION
    assert found["waiting"].untold == "who was in others in Slack is not on record"
    assert {n for n, one in found.items() if one.differences} == set()


# -- the command -----------------------------------------------------------------------------------


@pytest.fixture
def folder(told: Told, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the command runs, after the stories."""
    for name in [n for n in os.environ if n.startswith(("ANDON_", "SLACK_"))]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(replay_command, "utc_now", told[2])
    shutil.copy(told[0], tmp_path / "andon.db")
    (tmp_path / "policy.toml").write_text(BASE, encoding="utf-8")
    (tmp_path / "other.toml").write_text(PLANTED["quorum lowered"][0], encoding="utf-8")
    return tmp_path


def run(*arguments: str) -> Result:
    """The command in this process."""
    return CliRunner().invoke(app, ["policy", "replay", *arguments])


def test_the_policy_in_force_changes_nothing(folder: Path) -> None:
    result = run()
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.splitlines()[1:] == ["  18 the same", "  0 different"]


def test_another_policy_is_told_as_a_table_with_its_counts(folder: Path, told: Told) -> None:
    result = run("--policy", "other.toml", "--since", "2d")
    assert result.exit_code == 1
    first, *table, summary, same, different = result.stdout.splitlines()
    assert first.startswith(f"{told[1]['paid']}  paid  (data-sync, 2026-11-1")
    assert table[0].split() == ["requirements", "2", "of", "finance-approvers", "→", "1", "of",
                                "finance-approvers"]  # fmt: skip
    assert summary.startswith("18 escalations since 2026-11-1")
    assert (same, different) == ("  16 the same", "  2 different: requirements 2, outcome 2")


def test_json_is_one_document(folder: Path, told: Told) -> None:
    told_ = json.loads(run("--policy", "other.toml", "--json").stdout)
    assert (told_["replayed"], told_["same"], told_["untold"]) == (18, 16, [])
    assert [one["id"] for one in told_["different"]] == [told[1]["paid"], told[1]["left"]]
    assert told_["different"][0]["differences"][0] == {
        "what": "requirements",
        "was": "2 of finance-approvers",
        "would_be": "1 of finance-approvers",
    }


@pytest.mark.parametrize(
    ("since", "n"), [("30d", 18), ("1h", 1), ("2026-11-12", 18), ("2027-01-01", 0)]
)
def test_since_is_a_span_or_a_day(folder: Path, since: str, n: int) -> None:
    assert f"{n} escalation" in run("--since", since).stdout


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--since", "yesterday"], 2, "write how far back (30d, 12h), or a day"),
        (["--policy", "nowhere.toml"], 3, "There is no policy file nowhere.toml"),
        (["--policy", "andon.db"], 3, "andon.db"),
    ],
)
def test_what_cannot_be_done_is_said(
    folder: Path, arguments: list[str], code: int, words: str
) -> None:
    result = run(*arguments)
    assert (result.exit_code, words in result.stderr) == (code, True), result.output
    assert "Traceback" not in result.output


def test_without_a_store_or_with_a_broken_one_it_says_so(folder: Path) -> None:
    (folder / "andon.db").write_bytes(b"this is no database" * 1000)
    assert (run().exit_code, "`doctor` looks at it" in run().stderr) == (3, True)
    (folder / "andon.db").unlink()
    assert (run().exit_code, "andon.db cannot be read" in run().stderr) == (3, True)
    assert not (folder / "andon.db").exists()


def test_nothing_is_written(folder: Path) -> None:
    before = (folder / "andon.db").read_bytes()
    run("--policy", "other.toml")
    assert (folder / "andon.db").read_bytes() == before


async def test_it_works_beside_a_running_server(folder: Path) -> None:
    async with Stand(on_file(folder / "andon.db")).opened() as stand:
        await stand.open("new")
        result = await asyncio.to_thread(run, "--since", "2026-01-01")
    assert "19 escalations" in result.stdout


def multiply(path: Path, times: int) -> None:
    """The same stories again and again, under other ids."""
    names = "SELECT id, row_number() OVER (ORDER BY id) AS n FROM escalations"
    copies = (
        "WITH RECURSIVE k(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM k WHERE i < ?), "
        f"e AS ({names}) SELECT e.id, printf('%s_%05d_%02d', 'esc', k.i, e.n) FROM k, e"
    )
    with closing(sqlite3.connect(path)) as link:
        pairs = link.execute(copies, (times - 1,)).fetchall()
        for table in ("escalations", "event_bodies", "events"):
            columns = [row[1] for row in link.execute(f"PRAGMA table_info({table})")]
            key = "id" if table == "escalations" else "escalation_id"
            new = [RENAMED.get(name, name) if name != key else "?2" for name in columns]
            sql = f"INSERT INTO {table} SELECT {', '.join(new)} FROM {table} WHERE {key} = ?1"
            link.executemany(sql, pairs)
        link.commit()


RENAMED = {"body": "replace(body, ?1, ?2)", "text": "replace(text, ?1, ?2)"}


def test_many_are_replayed_one_by_one_and_the_way_so_far_is_told(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On standard error: standard output is the answer alone."""
    multiply(folder / "andon.db", 15)
    monkeypatch.setattr(replay_command, "TOLD_EVERY", 100)
    result = run("--policy", "other.toml")
    assert result.stderr == "100 of 270\n200 of 270\n"
    assert result.stdout.splitlines()[-2:] == [
        "  240 the same",
        "  30 different: requirements 30, outcome 30",
    ]
