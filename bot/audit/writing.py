"""Writing a bundle: one file for each thing, aside first, then all of it at once."""

import base64
import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO

from approvals.codec import instant, unpadded
from approvals.events import Record, canonical_text
from approvals.sealing import SETTLED, Block, Head
from bot.audit.references import References
from bot.audit.tables import (
    DECISIONS,
    ESCALATIONS,
    REFERENCES,
    VOTES,
    decision_row,
    escalation_row,
    vote_rows,
    write_head,
    write_row,
)
from storage.archive import Archive, Told

#: What comes along as it is.
BESIDE = Path(__file__).parent / "bundle"

#: DER of an Ed25519 public key (RFC 8410) up to its 32 bytes.
_SPKI = bytes.fromhex("302a300506032b6570032100")

_PLAIN = re.compile(r"[A-Za-z0-9_.-]{1,100}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which days, what they are held in, and what is copied beside."""

    since: datetime
    until: datetime  #: excluded
    at: datetime  #: when it is exported
    keys: Sequence[Mapping[str, Any]]  #: public keys as JWK
    anchors: Sequence[str]  #: lines of the anchor file


@dataclass
class Written:
    """What a bundle holds."""

    escalations: int = 0
    records: int = 0
    blocks: int = 0
    grants: int = 0
    policies: set[str] = field(default_factory=set)
    signers: set[str] = field(default_factory=set)  #: keys that signed a grant
    references: References = field(default_factory=References)


def write_bundle(archive: Archive, wanted: Wanted, directory: Path) -> Written:
    """Everything of those days into a new directory. Raises OSError; then nothing is there."""
    aside = directory.with_name(f".{directory.name}.{os.getpid()}")
    aside.mkdir(mode=0o700, parents=True)
    try:
        written = _written(archive, wanted, aside)
        aside.rename(directory)
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        raise
    return written


def _written(archive: Archive, wanted: Wanted, into: Path) -> Written:
    ids = archive.touched(wanted.since, wanted.until)
    written = Written()
    with _files(into) as files:
        for told in archive.told(ids):
            _add(told, files, written)
        numbers: set[int] = set()
        for block, heads in archive.blocks(wanted.since, wanted.until, ids):
            files["blocks.jsonl"].write(_block_line(block, heads))
            numbers.add(block.number)
        for line in wanted.anchors:
            if _block_of(line) in numbers:
                files["anchors.jsonl"].write(line + "\n")
        for reference, count in sorted(written.references.counts.items()):
            counts = (count.escalations, count.approved, count.released)
            write_row(files["references.csv"], (reference, *counts))
    written.blocks = len(numbers)
    _add_keys(wanted.keys, into)
    _add_policies(archive, written.policies, into)
    _add_manifest(wanted, written, into)
    for name in ("README.txt", "verify.py"):
        shutil.copyfile(BESIDE / name, into / name)
    _add_sums(into)
    return written


@contextmanager
def _files(into: Path) -> Iterator[Mapping[str, TextIO]]:
    """All files that grow line by line, the tables with their heads."""
    tables = {
        "escalations.csv": ESCALATIONS,
        "decisions.csv": DECISIONS,
        "votes.csv": VOTES,
        "references.csv": REFERENCES,
    }
    names = ("events.jsonl", "blocks.jsonl", "anchors.jsonl", "grants.jsonl", *tables)
    with ExitStack() as stack:
        files = {
            name: stack.enter_context((into / name).open("w", encoding="utf-8", newline=""))
            for name in names
        }
        for name, columns in tables.items():
            write_head(files[name], columns)
        yield files


def _add(told: Told, files: Mapping[str, TextIO], written: Written) -> None:
    """One escalation, in every file that says something of it."""
    e = told.escalation
    files["events.jsonl"].writelines(_record_line(record) for record in told.records)
    write_row(files["escalations.csv"], escalation_row(e, len(told.records)))
    decision = decision_row(e)
    if decision is not None:
        write_row(files["decisions.csv"], decision)
    for row in vote_rows(e, told.records):
        write_row(files["votes.csv"], row)
    if told.grant is not None:
        line = {"escalation": e.id, "grant": told.grant.jws, "kid": told.grant.kid}
        files["grants.jsonl"].write(canonical_text(line) + "\n")
        written.grants += 1
        written.signers.add(told.grant.kid)
    written.escalations += 1
    written.records += len(told.records)
    written.policies.add(e.plan.policy_version)
    written.references.add(e)


def _record_line(record: Record) -> str:
    named = {
        "at": instant(record.at),
        "body_hash": record.body_hash,
        "by": record.by,
        "core": record.core,
        "escalation": record.escalation_id,
        "hash": record.hash,
        "kind": record.kind,
        "prev": record.prev,
        "seq": record.seq,
        "text": record.text or None,
    }
    return canonical_text(named) + "\n"


def _block_line(block: Block, heads: Sequence[Head]) -> str:
    named = {
        "at": instant(block.at),
        "count": block.count,
        "hash": block.hash,
        "heads": [[head.escalation_id, head.seq, head.hash] for head in heads],
        "number": block.number,
        "prev": block.prev,
        "root": block.root,
    }
    return canonical_text(named) + "\n"


def _block_of(line: str) -> int | None:
    """The block a line of the anchor file is about; None for one that is not whole."""
    try:
        said = json.loads(line)
        return int(said["block"])
    except (ValueError, KeyError, TypeError):
        return None


def _add_keys(keys: Sequence[Mapping[str, Any]], into: Path) -> None:
    """The public halves, as a set and as files for openssl."""
    (into / "keys").mkdir()
    (into / "keys.json").write_text(canonical_text({"keys": list(keys)}) + "\n", encoding="utf-8")
    for key in keys:
        name = str(key["kid"])
        text = base64.b64encode(_SPKI + unpadded(str(key["x"]))).decode()
        if _PLAIN.fullmatch(name):
            pem = f"-----BEGIN PUBLIC KEY-----\n{text}\n-----END PUBLIC KEY-----\n"
            (into / "keys" / f"{name}.pem").write_text(pem, encoding="ascii")


def _add_policies(archive: Archive, versions: set[str], into: Path) -> None:
    (into / "policies").mkdir()
    for version in sorted(versions):
        text = archive.policy(version)
        if text is not None:
            name = f"{version.removeprefix('sha256:')}.toml"
            (into / "policies" / name).write_text(text, encoding="utf-8", newline="")


def _add_manifest(wanted: Wanted, written: Written, into: Path) -> None:
    said = {
        "at": instant(wanted.at),
        "from": instant(wanted.since),
        "until": instant(wanted.until),
        "settled": instant(wanted.at - SETTLED),
        "escalations": written.escalations,
        "records": written.records,
        "blocks": written.blocks,
        "grants": written.grants,
        "without_reference": written.references.without,
    }
    text = json.dumps(said, indent=2) + "\n"
    (into / "manifest.json").write_text(text, encoding="utf-8")


def _add_sums(into: Path) -> None:
    """As `sha256sum --check` reads them."""
    files = sorted(path for path in into.rglob("*") if path.is_file())
    lines = (f"{_sha256(path)}  {path.relative_to(into)}\n" for path in files)
    (into / "SHA256SUMS").write_text("".join(lines), encoding="utf-8")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
