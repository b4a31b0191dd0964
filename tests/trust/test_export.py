"""Proof: an exported record is checked without our code, and whatever is changed in it is found."""

import asyncio
import csv
import json
import random
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest
import typer
from typer.testing import CliRunner, Result

from approvals.codec import parse_instant
from approvals.events import GENESIS, canonical_text, record_hash, sha256
from approvals.sealing import Head, sealed
from bot.audit.export import export
from bot.audit.tables import FORMULA
from bot.signing import KeyRing
from storage import Store
from tests.bot.test_replay import Chronicle
from tests.building import a_claim, a_vote, an_erasure, an_open
from tests.storage.stand import Stand, on_file
from tests.trust.lane import rounds
from tests.trust.sealing import seal

Figure = Callable[[str, str], None]

#: Titles that a spreadsheet would calculate, a terminal obey, or an eye misread.
HOSTILE = (
    "=HYPERLINK(A1)",
    "+1+1",
    "-2+3",
    "@SUM(1)",
    "＝1+1",
    'a,"b"\n=1',
    "\u202edlog",
    "Größe ä 💶",
)

app = typer.Typer()
app.command()(export)


@dataclass(frozen=True, kw_only=True)
class House:
    """A stopped server: its file, keys and anchors."""

    folder: Path
    approved: str  #: the id of one that ran
    erased: str

    @property
    def anchors(self) -> Path:
        """The anchor file, as somebody else keeps it."""
        return self.folder / "andon.anchors"

    def run(self, *arguments: str, monkeypatch: pytest.MonkeyPatch) -> Result:
        """The command, as it is run beside the file."""
        monkeypatch.setenv("ANDON_DATABASE_URL", f"sqlite:///{self.folder / 'andon.db'}")
        monkeypatch.setenv("ANDON_SIGNING_KEYS", str(self.folder / "keys"))
        return CliRunner().invoke(app, ["--from", "2026-11-12", "--to", "2026-11-30", *arguments])


async def _lived(folder: Path) -> tuple[str, str]:
    """All that may happen to escalations, and a few with hostile words; one is erased."""
    path, keys = folder / "andon.db", KeyRing(folder / "keys")
    stand = Stand(on_file(path), signer=keys)  # type: ignore[arg-type]
    async with stand.opened():
        await Chronicle(stand).tell()
        for n, title in enumerate(HOSTILE):
            stand.clock.pass_(600)
            reference = f"CHG-{n % 5}" if n else "=CHG()"
            asked = an_open(f"h{n}", title=title, reference=reference)
            await stand.submit(asked)
            await stand.submit(a_vote(asked.escalation_id, "UPRIYA", rationale=f"{title} is fine"))
            await stand.submit(a_claim(asked.escalation_id, f"c{n}"))
        stand.clock.pass_(86_400)
        for e in await stand.store.reads.pending():
            await stand.tick(e.id)
        old = (await stand.store.reads.last_decided(500))[-1]
        await stand.submit(an_erasure(old.id))
        store = cast(Store, stand.store)
        await seal(store, keys, folder / "andon.anchors", stand.clock.now)
    return asked.escalation_id, old.id


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    """Everything happened, is sealed and anchored."""
    folder = tmp_path_factory.mktemp("house")
    approved, erased = asyncio.run(_lived(folder))
    return House(folder=folder, approved=approved, erased=erased)


@pytest.fixture(scope="module")
def bundle(house: House, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What was exported; nobody changes it here."""
    out = tmp_path_factory.mktemp("bundle") / "november"
    with pytest.MonkeyPatch.context() as patch:
        result = house.run("--out", str(out), monkeypatch=patch)
    assert (result.exit_code, result.stdout) == (0, ""), result.output
    return out


@pytest.fixture
def copy(bundle: Path, tmp_path: Path) -> Path:
    """A copy of it to tamper with."""
    return Path(shutil.copytree(bundle, tmp_path / "copy"))


def checked(directory: Path, *anchors: Path) -> tuple[int, str]:
    """What the verifier that came along says, in a Python that knows nothing of us."""
    done = subprocess.run(
        [sys.executable, "-I", str(directory / "verify.py"), *map(str, anchors)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def read_lines(file: Path) -> list[Any]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def rows(bundle: Path, name: str) -> list[dict[str, str]]:
    """A table as a program reads it."""
    with (bundle / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_verifier_is_short_and_stands_alone(bundle: Path) -> None:
    text = (bundle / "verify.py").read_text(encoding="utf-8")
    imported = set(re.findall(r"^(?:import|from) ([a-z]+)", text, re.MULTILINE))
    assert len(text.splitlines()) <= 120
    assert imported <= sys.stdlib_module_names


def test_the_untouched_bundle_holds(bundle: Path, house: House, figure: Figure) -> None:
    for anchors in ((), (house.anchors,)):
        code, said = checked(bundle, *anchors)
        assert (code, said.endswith("all hold.\n")) == (0, True), said
    figure("export", said.strip())


def test_every_line_of_the_readme_works_as_written(bundle: Path, copy: Path) -> None:
    """Copied into a shell, one after the other, in the bundle."""
    text = (bundle / "README.txt").read_text(encoding="utf-8")
    commands = [line.strip() for line in text.splitlines() if line.startswith("  ")]
    shell = [
        line for line in commands if re.match(r"(sha256sum|python3|head|openssl|jq|for) ", line)
    ]
    assert len(shell) == 14
    script = "set -euo pipefail\n" + "\n".join(f"echo '# {n}'; {s}" for n, s in enumerate(shell))
    done = subprocess.run(
        ["bash", "-c", script], cwd=copy, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    said = dict(re.findall(r"^# (\d+)\n((?:(?!# ).*\n)*)", done.stdout, re.MULTILINE))
    manifest = json.loads((bundle / "manifest.json").read_text())
    assert said["1"].endswith("all hold.\n")
    assert done.stdout.count("Signature Verified Successfully") == 2
    assert int(said["9"]) == manifest["escalations"]
    assert int(said["11"]) == manifest["grants"]
    decisions = rows(bundle, "decisions.csv")
    told = [line.split() for line in said["10"].splitlines()]
    erased = sum(e["erased_at"] != "" for e in rows(bundle, "escalations.csv"))
    assert sum(int(n) for n, _ in told) == len(decisions) - erased


def test_openssl_finds_a_grant_that_was_changed(copy: Path) -> None:
    grants = (copy / "grants.jsonl").read_text().splitlines()
    first = json.loads(grants[0])
    head, claims, signature = first["grant"].split(".")
    first["grant"] = f"{head}.{claims[:-2]}AA.{signature}"
    (copy / "grants.jsonl").write_text("\n".join([json.dumps(first), *grants[1:]]) + "\n")
    text = (copy / "README.txt").read_text(encoding="utf-8")
    shell = [line for line in text.splitlines() if ".grant" in line or "grant.signed" in line]
    script = "set -euo pipefail\n" + "\n".join(shell[:3])
    done = subprocess.run(
        ["bash", "-c", script], cwd=copy, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    assert "Signature Verification Failure" in done.stdout + done.stderr


def test_no_cell_calculates_and_nothing_invisible_is_left(bundle: Path) -> None:
    for name in ("escalations.csv", "decisions.csv", "votes.csv", "references.csv"):
        for row in rows(bundle, name):
            assert [cell for cell in row.values() if cell.startswith(FORMULA)] == []
            assert not any("\u202e" in cell for cell in row.values())
    titles = [row["title"] for row in rows(bundle, "escalations.csv")]
    assert {"'=HYPERLINK(A1)", "'+1+1", "'@SUM(1)", "\\u202edlog", "Größe ä 💶"} <= set(titles)
    assert rows(bundle, "references.csv")[0]["reference"] == "'=CHG()"


def test_nothing_secret_is_in_it(bundle: Path, house: House) -> None:
    """No private key, no hash of a service's key, no callback secret."""
    (key,) = (house.folder / "keys").glob("*.jwk")
    private = json.loads(key.read_text())["d"]
    whole = b"".join(file.read_bytes() for file in bundle.rglob("*") if file.is_file())
    assert private.encode() not in whole
    assert b'"d":' not in (bundle / "keys.json").read_bytes()
    assert b"whsec_" not in whole


def test_what_was_erased_is_there_without_its_words(bundle: Path, house: House) -> None:
    mine = [r for r in read_lines(bundle / "events.jsonl") if r["escalation"] == house.erased]
    assert {r["text"] for r in mine[:-1]} == {None}
    (row,) = [r for r in rows(bundle, "escalations.csv") if r["escalation"] == house.erased]
    assert (row["title"], row["erased_at"] != "", row["records"]) == (
        "[erased]",
        True,
        str(len(mine)),
    )


def test_who_voted_has_the_name_and_the_groups_of_then(bundle: Path, house: House) -> None:
    (vote,) = [v for v in rows(bundle, "votes.csv") if v["escalation"] == house.approved]
    assert (vote["person"], vote["name"], vote["groups"], vote["reason"]) == (
        "priya",
        "Priya",
        "platform-oncall",
        "Größe ä 💶 is fine",
    )


def test_each_policy_is_named_by_its_text(bundle: Path) -> None:
    names = {file.stem for file in (bundle / "policies").glob("*.toml")}
    used = {e["policy"].removeprefix("sha256:") for e in rows(bundle, "escalations.csv")}
    assert names == used
    assert names


# -- tampering ------------------------------------------------------------------------------------

Tampering = Callable[[list[Any], random.Random], None]


def _edit(records: list[Any], by: random.Random) -> None:
    record = by.choice(records)
    record["by"] = "person:mallory"


def _retell(records: list[Any], by: random.Random) -> None:
    record = by.choice([r for r in records if r["text"]])
    record["text"] = record["text"].replace("a", "e", 1) + " "


def _blank(records: list[Any], by: random.Random) -> None:
    by.choice([r for r in records if r["text"]])["text"] = None


def _delete(records: list[Any], by: random.Random) -> None:
    records.remove(by.choice(records))


def _swap(records: list[Any], by: random.Random) -> None:
    n = by.randrange(len(records) - 1)
    one, other = records[n], records[n + 1]
    one["seq"], other["seq"] = other["seq"], one["seq"]


def _insert(records: list[Any], by: random.Random) -> None:
    n = by.randrange(len(records))
    records.insert(n, {**records[n], "kind": "vote:cast"})


def _cut_tail(records: list[Any], by: random.Random) -> None:
    last = by.choice([n for n, r in enumerate(records) if _is_last(records, n)])
    del records[last]


def _is_last(records: list[Any], n: int) -> bool:
    return n + 1 == len(records) or records[n + 1]["escalation"] != records[n]["escalation"]


def _cut_escalation(records: list[Any], by: random.Random) -> None:
    gone = by.choice(records)["escalation"]
    records[:] = [r for r in records if r["escalation"] != gone]


EVENTS: dict[str, Tampering] = {
    f.__name__.strip("_"): f
    for f in (_edit, _retell, _blank, _delete, _swap, _insert, _cut_tail, _cut_escalation)
}


def _renumber(blocks: list[Any], by: random.Random) -> None:
    by.choice(blocks)["number"] += 1


def _lose_head(blocks: list[Any], by: random.Random) -> None:
    by.choice(blocks)["heads"].pop()


def _forge_head(blocks: list[Any], by: random.Random) -> None:
    by.choice(by.choice(blocks)["heads"])[2] = "sha256:" + "1" * 64


def _reorder(blocks: list[Any], by: random.Random) -> None:
    """The same heads in another order: nothing but the root knows."""
    heads = by.choice([block["heads"] for block in blocks if block["count"] > 1])
    heads.append(heads.pop(0))


def _lose_block(blocks: list[Any], by: random.Random) -> None:
    blocks.remove(by.choice(blocks))


def _repeat_block(blocks: list[Any], by: random.Random) -> None:
    block = by.choice(blocks)
    blocks.append({**block, "number": len(blocks) + 1})


def _redate(blocks: list[Any], by: random.Random) -> None:
    by.choice(blocks)["at"] = "2026-01-01T00:00:00.000000Z"


BLOCKS: dict[str, Tampering] = {
    f.__name__.strip("_"): f
    for f in (_renumber, _lose_head, _forge_head, _reorder, _lose_block, _repeat_block, _redate)
}


def tampered(copy: Path, name: str, how: Tampering, seed: int) -> None:
    """The file, with one thing changed in it."""
    file = copy / name
    found = read_lines(file)
    how(found, random.Random(seed))
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in found)
    file.write_text(text, encoding="utf-8")


def rewrite(copy: Path, by: random.Random) -> None:
    """Whoever owns the database tells it anew: every hash fits, in chains, blocks and counts."""
    records, blocks = read_lines(copy / "events.jsonl"), read_lines(copy / "blocks.jsonl")
    told = by.choice([r for r in records if r["kind"] == "vote:cast" and r["text"]])
    told["text"] = told["text"].replace('"person":"', '"person":"m', 1)
    told["body_hash"] = sha256(told["text"])
    mine = [r for r in records if r["escalation"] == told["escalation"]]
    prev = GENESIS
    for r in mine:
        at, whose = parse_instant(r["at"]), (r["escalation"], r["seq"], r["kind"])
        r["prev"] = prev
        r["hash"] = prev = record_hash(*whose, at, r["by"], r["core"], prev, r["body_hash"])
    _sealed_anew(blocks, {(r["escalation"], r["seq"]): r["hash"] for r in records})
    for name, found in (("events.jsonl", records), ("blocks.jsonl", blocks)):
        (copy / name).write_text("".join(canonical_text(line) + "\n" for line in found), "utf-8")


def _sealed_anew(blocks: list[Any], hashes: dict[tuple[str, int], str]) -> None:
    prev = GENESIS
    for old in blocks:
        heads = [Head(escalation_id=e, seq=s, hash=hashes[e, s]) for e, s, _ in old["heads"]]
        new = sealed(heads, number=old["number"], prev=prev, at=parse_instant(old["at"]))
        old |= {"prev": prev, "root": new.root, "hash": new.hash}
        old["heads"] = [[h.escalation_id, h.seq, h.hash] for h in heads]
        prev = new.hash


def _cases() -> Iterator[Any]:
    for seed in range(rounds(short=3, full=20)):
        for name, cases in (("events.jsonl", EVENTS), ("blocks.jsonl", BLOCKS)):
            for word, how in cases.items():
                yield pytest.param(name, how, seed, id=f"{word}-{seed}")


@pytest.mark.parametrize(("name", "how", "seed"), list(_cases()))
def test_whatever_is_changed_is_found(
    copy: Path, house: House, name: str, how: Tampering, seed: int
) -> None:
    tampered(copy, name, how, seed)
    code, said = checked(copy, house.anchors)
    assert code == 1, said
    assert "all hold" not in said


@pytest.mark.parametrize("seed", range(rounds(short=3, full=20)))
def test_a_record_told_anew_with_every_hash_is_found_by_anchors_kept_elsewhere(
    copy: Path, house: House, seed: int
) -> None:
    rewrite(copy, random.Random(seed))
    code, said = checked(copy, house.anchors)
    assert (code, "another one was anchored" in said) == (1, True), said


def test_without_any_anchor_such_a_record_would_hold(copy: Path, figure: Figure) -> None:
    """What a chain alone does not show; the README says so."""
    rewrite(copy, random.Random(1))
    (copy / "anchors.jsonl").unlink()
    assert checked(copy)[0] == 0
    count = len(list(_cases())) + rounds(short=3, full=20)
    figure("export tampered with", f"{count} of {count} found by the verifier that comes along")


#: Checks taken out of the verifier, and what then goes unseen.
BUGS: dict[str, tuple[str, Tampering | None, str]] = {
    "texts": ('digest(r["text"].encode()) != r["body_hash"]', _retell, "events.jsonl"),
    "erasures": ('r["text"] is None and', _blank, "events.jsonl"),
    "heads": ('f"sha256:{root(leaves).hex()}" != block["root"]', _reorder, "blocks.jsonl"),
    "anchors": ('anchored.get(number, block["hash"]) != block["hash"]', None, ""),
}


@pytest.mark.parametrize("bug", BUGS)
def test_a_verifier_that_leaves_out_a_check_is_found_out(
    copy: Path, house: House, bug: str, figure: Figure
) -> None:
    check, how, name = BUGS[bug]
    text = (copy / "verify.py").read_text(encoding="utf-8")
    assert text.count(check) == 1
    (copy / "verify.py").write_text(text.replace(check, f"False and {check}"), encoding="utf-8")
    if how is None:
        rewrite(copy, random.Random(1))
    else:
        tampered(copy, name, how, 1)
    assert checked(copy, house.anchors)[0] == 0
    figure("planted bugs", f"the exported verifier without its check of {bug}: found out")
