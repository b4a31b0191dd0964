"""The commands besides `run`: lines for people, JSON for programs."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Any

import pytest
from andon import Client
from andon.cli import main

from bot.signing import KeyRing
from tests.client.serving import Served

REQUEST: dict[str, Any] = {
    "title": "Drop column legacy_code",
    "category": "schema_migration",
    "environment": "staging",
    "approvers": ["platform-oncall"],
    "reference": "CHG-1042",
    "operation": {"name": "alembic upgrade head", "arguments": {"sql": "ALTER TABLE …"}},
}

Said = tuple[int, str, str]


@pytest.fixture(autouse=True)
def environment(lasting: Served, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The settings of a service."""
    for name, value in lasting.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    """Exit code, standard output and standard error of a command."""

    def did(*words: str) -> Said:
        code = main(words)
        told = capsys.readouterr()
        return code, told.out, told.err

    return did


@pytest.fixture
def asked(lasting: Served) -> str:
    """The id of a question that waits."""
    with Client() as client:
        return client.open(**REQUEST).id


def test_a_request_in_a_file_is_asked_and_its_id_printed(
    said: Callable[..., Said], lasting: Served, tmp_path: Path
) -> None:
    (tmp_path / "request.json").write_text(json.dumps(REQUEST), encoding="utf-8")
    code, out, err = said("open", "request.json")
    assert (code, err) == (0, "")
    assert lasting.read(out.strip()).title == "Drop column legacy_code"


def test_the_same_key_asks_the_same_question(
    said: Callable[..., Said], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = json.dumps(REQUEST).encode()
    ids = set()
    for _ in range(2):
        monkeypatch.setattr("sys.stdin", TextIOWrapper(BytesIO(body)))
        code, out, _err = said("open", "-", "--key", "chg-1042", "--json")
        assert code == 0
        ids.add(json.loads(out)["id"])
    assert len(ids) == 1


@pytest.mark.parametrize(
    ("text", "code", "why"),
    [
        ("{", 2, "the request is no JSON"),
        ("[]", 2, "no JSON object"),
        ('{"category": "other"}', 2, "the request has no title"),
        ('{"title": "a", "title": "b"}', 2, "'title' is there twice"),
        ('{"title": "a", "x": NaN}', 2, "NaN is no number"),
        ('{"title": "a", "key": "k"}', 2, "key: there is no such field"),
        ('{"title": "a", "severity": null}', 2, "severity: there is no such field, or it is null"),
        ('{"title": "a", "severty": "high"}', 125, "/severty: There is no such field"),
        ("\xff", 2, "it is not UTF-8"),
    ],
)
def test_a_wrong_request_says_what_to_mend(
    said: Callable[..., Said], tmp_path: Path, text: str, code: int, why: str
) -> None:
    (tmp_path / "r.json").write_bytes(text.encode("latin-1"))
    done, out, err = said("open", "r.json")
    assert (done, out) == (code, "")
    assert why in err
    assert err.count("\n") == 1


def test_a_file_that_is_not_there_is_said(said: Callable[..., Said]) -> None:
    code, _, err = said("open", "nothing.json")
    assert (code, err) == (2, "andon: nothing.json: No such file or directory. Nobody was asked.\n")


def test_waiting_ends_with_the_decision(
    said: Callable[..., Said], asked: str, lasting: Served
) -> None:
    lasting.approve(asked, why="reviewed")
    code, out, err = said("wait", asked)
    assert (code, out) == (0, "approved: priya chose Approve: «reviewed».\n")
    assert f"in staging ({asked}): approved." in err


@pytest.mark.parametrize("as_json", [False, True])
def test_waiting_for_a_no_exits_121(
    said: Callable[..., Said], asked: str, lasting: Served, as_json: bool
) -> None:
    lasting.reject(asked, why="not tonight")
    code, out, err = said("wait", asked, *(["--json"] if as_json else []))
    assert code == 121
    assert "A person said no. Do not retry." in err
    if as_json:
        assert json.loads(out)["status"] == "rejected"
        assert [json.loads(line)["event"] for line in err.splitlines()] == ["held", "ended"]


def test_waiting_may_have_an_end_of_its_own(said: Callable[..., Said], asked: str) -> None:
    code, out, err = said("wait", asked, "--timeout", "1s")
    assert (code, out) == (1, "")
    assert err.endswith(f"andon: Nobody has decided yet; {asked} still waits.\n")


def test_a_list_has_a_line_each_and_takes_filters(said: Callable[..., Said], asked: str) -> None:
    code, out, _ = said("list", "--reference", "CHG-1042", "--limit", "1")
    assert code == 0
    assert out.split()[:2] == [asked, "pending"]
    assert out.count("\n") == 1
    assert asked in said("list", "--status", "pending")[1]
    assert asked not in said("list", "--status", "rejected")[1]
    assert out.endswith("Drop column legacy_code\n")
    code, out, _ = said("list", "--reference", "CHG-1042", "--json")
    assert json.loads(out)[0]["id"] == asked
    assert said("list", "-q", "nothing like it") == (0, "", "")


def test_one_is_shown_by_id_or_by_reference(
    said: Callable[..., Said], asked: str, lasting: Served
) -> None:
    lasting.approve(asked, why="re\x1b[2Jviewed")
    code, out, _ = said("show", asked)
    assert code == 0
    lines = dict(line.split(None, 1) for line in out.splitlines())
    assert lines["operation"] == "alembic upgrade head"
    assert lines["needs"] == "1 of platform-oncall"
    assert lines["vote"].startswith("priya chose Approve")
    assert "\x1b" not in out
    assert asked in said("show", "CHG-1042")[1]
    assert json.loads(said("show", asked, "--json")[1])["id"] == asked
    assert asked in [e["id"] for e in json.loads(said("show", "CHG-1042", "--json")[1])]


@pytest.mark.parametrize(
    ("what", "why"),
    [("CHG-0", "no escalation with the reference CHG-0"), ("esc_0", "There is no such escalation")],
)
def test_nothing_to_show_is_said(said: Callable[..., Said], what: str, why: str) -> None:
    code, out, err = said("show", what)
    assert (code, out) == (125, "")
    assert why in err


def test_what_people_ask_is_answered(
    said: Callable[..., Said], asked: str, lasting: Served
) -> None:
    lasting.ask(asked, "Is the migration in it?")
    code, out, err = said("answer", asked, "Yes, 0042")
    assert (code, out, err) == (0, f"{asked} is answered: Drop column legacy_code\n", "")
    assert [q.answer for q in lasting.read(asked).questions] == ["Yes, 0042"]
    assert "answered: «Yes, 0042»" in said("show", asked)[1]


def test_what_nobody_asked_cannot_be_answered(said: Callable[..., Said], asked: str) -> None:
    code, out, err = said("answer", asked, "Yes")
    assert (code, out) == (125, "")
    assert "Nobody has asked this" in err


def test_a_question_is_taken_back(said: Callable[..., Said], asked: str, lasting: Served) -> None:
    code, out, _ = said("withdraw", asked, "--reason", "wrong branch")
    assert (code, out) == (0, f"{asked} is withdrawn: Drop column legacy_code\n")
    assert lasting.read(asked).status == "withdrawn"


def test_what_is_decided_cannot_be_taken_back(
    said: Callable[..., Said], asked: str, lasting: Served
) -> None:
    lasting.approve(asked)
    code, _, err = said("withdraw", asked, "--reason", "too late")
    assert code == 125
    assert "It is decided already" in err


@pytest.fixture
def grant(asked: str, lasting: Served) -> str:
    """A token that the server gave."""
    lasting.approve(asked)
    with Client() as client:
        return client.claim(asked, REQUEST["operation"], nonce="n-1").token


def test_a_grant_holds_by_the_servers_keys(
    said: Callable[..., Said], grant: str, asked: str
) -> None:
    code, out, _ = said("verify", grant, "--id", asked, "--nonce", "n-1")
    assert code == 0
    lines = dict(line.split(None, 1) for line in out.splitlines()[:-1])
    assert (lines["escalation"], lines["option"], lines["nonce"]) == (asked, "approve", "n-1")
    assert out.endswith("The grant holds. That it is used only once is the claim's doing.\n")


def test_a_grant_holds_by_pinned_keys_without_a_server(
    said: Callable[..., Said], grant: str, lasting: Served, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    (tmp_path / "jwks.json").write_text(json.dumps(jwks_of(lasting)))
    monkeypatch.setenv("ANDON_URL", "http://127.0.0.1:9")
    code, out, _ = said("verify", grant, "--jwks", "jwks.json", "--json")
    assert code == 0
    assert json.loads(out)["approvers"] == ["priya"]
    monkeypatch.setenv("ANDON_JWKS_FILE", "jwks.json")
    assert said("verify", grant)[0] == 0


def test_a_grant_that_a_rule_allowed_says_so(said: Callable[..., Said], tmp_path: Path) -> None:
    ring = KeyRing(tmp_path / "ring")
    (tmp_path / "jwks.json").write_text(json.dumps(ring.jwks()))
    now = int(datetime.now(UTC).timestamp())
    claims = {
        "iss": "andon", "aud": "svc", "sub": "esc_1", "environment": "production",
        "digest": "sha256:d", "option": "go", "nonce": "n", "approvers": [], "rule": "esc_9",
        "policy": "sha256:p", "head": "sha256:h", "iat": now, "exp": now + 300, "jti": "gnt_1",
    }  # fmt: skip
    token = ring.sign(claims)
    code, out, _ = said("verify", token, "--jwks", "jwks.json")
    assert code == 0
    assert "policy, by a rule that people accepted" in out
    assert "esc_9" in out
    code, out, _ = said("verify", token, "--jwks", "jwks.json", "--json")
    assert (json.loads(out)["approvers"], json.loads(out)["rule"]) == ([], "esc_9")


def test_keys_that_cannot_be_had_are_said(
    said: Callable[..., Said], grant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, _, err = said("verify", grant, "--jwks", "gone.json")
    assert (code, err) == (2, "andon: gone.json: No such file or directory. Nobody was asked.\n")
    monkeypatch.setenv("ANDON_URL", "http://127.0.0.1:9")
    code, _, err = said("verify", grant, "--patience", "1s")
    assert code == 125
    assert "Andon cannot be reached" in err


def jwks_of(lasting: Served) -> Any:
    """The server's keys."""
    from urllib.request import urlopen

    with urlopen(f"{lasting.url}/.well-known/jwks.json") as answer:  # noqa: S310  loopback
        return json.load(answer)


@pytest.mark.parametrize(
    "expected",
    [
        ("--id", "esc_other"),
        ("--nonce", "n-2"),
        ("--digest", "sha256:0"),
        ("--service", "payments"),
    ],
)
def test_a_grant_for_something_else_does_not_hold(
    said: Callable[..., Said], grant: str, expected: tuple[str, str]
) -> None:
    code, out, err = said("verify", grant, *expected)
    assert (code, out) == (125, "")
    assert err.startswith("andon: The grant does not verify: its ")


def test_a_changed_grant_does_not_hold(said: Callable[..., Said], grant: str) -> None:
    head, payload, signature = grant.split(".")
    for token in (f"{head}.{payload}.{signature[::-1]}", f"{head}.{payload}", "", "a.b.c"):
        code, _, err = said("verify", token)
        assert code == 125
        assert "The grant does not verify" in err


def test_settings_that_are_missing_are_said_as_json_too(
    said: Callable[..., Said], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ANDON_URL")
    code, out, err = said("list", "--json")
    assert (code, out) == (125, "")
    told = json.loads(err)
    assert (told["event"], told["reason"]) == ("ended", "settings")
    assert "Set ANDON_URL" in told["message"]
