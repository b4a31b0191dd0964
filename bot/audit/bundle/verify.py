#!/usr/bin/env python3
"""Checks an exported record by Python's standard library alone: python3 -I verify.py [ANCHORS]

ANCHORS is your own copy of the anchor file, from a place the owner of the database cannot write to;
without it the copy that came along is used. Signatures: README.txt. Exit code 1: findings, above.
"""

import hashlib
import json
import sys
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

HERE, GENESIS = Path(__file__).resolve().parent, "sha256:" + "0" * 64
found: list[str] = []


def digest(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


def canonical(of: dict[str, Any]) -> bytes:
    return json.dumps(of, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def lines(path: Path, torn: bool = False) -> Iterator[Any]:
    with path.open(encoding="utf-8", newline="\n") as file:
        for number, line in enumerate(file, 1):
            try:
                yield from [json.loads(line)] if line.strip() else []
            except ValueError:  # a power cut may leave half a line among the anchors
                found.extend([] if torn else [f"{path.name} line {number}: no line of JSON"])


def check_chain(e: str, records: list[Any], heads: dict[int, str], until: str) -> int:
    seq, prev, hashes = 0, GENESIS, {r["seq"]: r["hash"] for r in records}
    erased = max((r["seq"] for r in records if r["kind"] == "record:erased"), default=0)
    for r in records:
        where = f"escalation {e} record {r['seq']}"
        named = {k: r[k] for k in r if k not in ("body_hash", "hash", "text")}
        if digest(canonical({**named, "body": r["body_hash"]})) != r["hash"]:
            found.append(f"{where}: it was changed")
        if r["seq"] != seq + 1 or r["prev"] != prev:
            found.append(f"{where}: it does not follow on the one before")
        if r["text"] is None and r["seq"] >= erased:
            found.append(f"{where}: its text is missing")
        if r["text"] is not None and digest(r["text"].encode()) != r["body_hash"]:
            found.append(f"{where}: its text was changed")
        if r["seq"] > max(heads, default=0) and r["at"] < until:
            found.append(f"{where}: no block seals it")
        seq, prev = r["seq"], r["hash"]
    lost = (n for n, head in heads.items() if hashes.get(n) != head)
    found.extend(f"escalation {e} record {n}: it is not the one that was sealed" for n in lost)
    return len(records)


def root(leaves: list[bytes]) -> bytes:
    if len(leaves) == 1:
        return leaves[0]
    left = 1 << (len(leaves) - 1).bit_length() - 1
    return hashlib.sha256(b"\x01" + root(leaves[:left]) + root(leaves[left:])).digest()


def check_block(block: Any, before: str) -> None:
    where = f"block {block['number']}"
    heads = [{"escalation": e, "seq": s, "hash": h} for e, s, h in block["heads"]]
    leaves = [hashlib.sha256(b"\x00" + canonical(head)).digest() for head in heads]
    if not len(leaves) == block["count"] > 0 or f"sha256:{root(leaves).hex()}" != block["root"]:
        found.append(f"{where}: its heads are others")
    named = {k: block[k] for k in block if k not in ("hash", "heads")}
    if digest(canonical(named)) != block["hash"]:
        found.append(f"{where}: it was changed")
    if block["prev"] != before:
        found.append(f"{where}: it does not follow on the one before")


def check_anchors(path: Path, blocks: dict[int, tuple[str, str]], days: Any) -> int:
    anchored: dict[int, tuple[str, str]] = {}
    for line in lines(path, torn=True) if path.exists() else ():
        anchored.setdefault(line["block"], (line["hash"], line["at"]))  # the first one counts
    for number, (head, at) in {**anchored, **blocks}.items() if anchored else ():
        if number not in blocks and days["from"] <= at < days["until"]:
            found.append(f"block {number}: it was anchored on these days, and is missing")
        elif anchored.get(number, (head if at >= days["settled"] else "",))[0] != head:
            found.append(f"block {number}: another one was anchored, or none")
    return len(anchored.keys() & blocks.keys())


def main(anchors: Path) -> int:
    days = json.loads((HERE / "manifest.json").read_text("utf-8"))
    blocks: dict[int, tuple[str, str]] = {}
    heads: dict[str, dict[int, str]] = {}
    due: dict[str, int] = {}
    for block in lines(HERE / "blocks.jsonl"):
        number, at = block["number"], block["at"]
        check_block(block, blocks.get(number - 1, [block["prev"] if number > 1 else GENESIS])[0])
        blocks[number] = (block["hash"], at)
        for e, seq, head in block["heads"]:
            heads.setdefault(e, {})[seq] = head
            due |= {e: number} if days["from"] <= at < days["until"] else {}
    chains = groupby(lines(HERE / "events.jsonl"), lambda record: record["escalation"])
    sizes = {e: check_chain(e, list(c), heads.get(e, {}), days["settled"]) for e, c in chains}
    gone = ((e, n) for e, n in due.items() if e not in sizes)
    found.extend(f"escalation {e}: block {n} seals it, and it is missing" for e, n in gone)
    counts = {"escalations": len(sizes), "records": sum(sizes.values()), "blocks": len(blocks)}
    held = check_anchors(anchors, blocks, days)
    lost = ((days[what], what, n) for what, n in counts.items() if days[what] != n)
    found.extend(f"manifest.json: {out} {what} went out, {n} are here" for out, what, n in lost)
    said = ", ".join(f"{count:,} {what}" for what, count in counts.items())
    print(*found, f"{said} ({held:,} anchored): {len(found) or 'no'} findings.", sep="\n")
    return 1 if found else 0


if __name__ == "__main__":
    try:
        sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "anchors.jsonl"))
    except (OSError, LookupError, TypeError, ValueError, AttributeError) as error:
        sys.exit(f"This is no bundle as it was exported: {error!r}")
