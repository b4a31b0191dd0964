"""Proof: an exported record is checked without our code, and whatever is changed in it is found."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from approvals.events import canonical_text
from bot.audit.tables import FORMULA
from tests.trust.exported import House, checked, read_lines, recount, rows

Figure = Callable[[str, str], None]


def test_the_verifier_is_short_and_stands_alone(bundle: Path) -> None:
    text = (bundle / "verify.py").read_text(encoding="utf-8")
    imported = set(re.findall(r"^(?:import|from) ([a-z]+)", text, re.MULTILINE))
    assert len(text.splitlines()) <= 120
    assert imported <= sys.stdlib_module_names


def test_the_untouched_bundle_holds(bundle: Path, house: House, figure: Figure) -> None:
    for anchors in ((), (house.anchors,)):
        code, said = checked(bundle, *anchors)
        assert (code, said.endswith(": no findings.\n")) == (0, True), said
    figure("export", said.strip())


def test_half_a_line_among_the_anchors_is_no_finding(
    bundle: Path, house: House, tmp_path: Path
) -> None:
    """A loss of power cuts a line off; the server then writes it once more."""
    lines = house.anchors.read_text(encoding="utf-8").splitlines()
    cut = tmp_path / "cut.anchors"
    cut.write_text("\n".join([lines[0], lines[1][:40], *lines[1:]]) + "\n", encoding="utf-8")
    assert checked(bundle, cut)[0] == 0
    cut.write_text("\n".join([lines[0], lines[1][:40], *lines[2:]]) + "\n", encoding="utf-8")
    assert checked(bundle, cut)[0] == 1


def test_anchors_of_these_days_without_their_block_are_found(
    copy: Path, house: House, tmp_path: Path
) -> None:
    """Whole blocks left out, with all they seal: whoever keeps the anchors knows of them."""
    blocks = read_lines(copy / "blocks.jsonl")[:-1]
    gone = {e for e, _, _ in read_lines(copy / "blocks.jsonl")[-1]["heads"]}
    records = [r for r in read_lines(copy / "events.jsonl") if r["escalation"] not in gone]
    for name, found in (("events.jsonl", records), ("blocks.jsonl", blocks)):
        (copy / name).write_text("".join(canonical_text(line) + "\n" for line in found), "utf-8")
    recount(copy)
    code, said = checked(copy, house.anchors)
    assert (code, f"block {len(blocks) + 1}: it was anchored on these days" in said) == (1, True)


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
    assert said["1"].endswith(": no findings.\n")
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
