#!/usr/bin/env python3
"""Checks an exported record by Python's standard library alone: python3 -I verify.py [ANCHORS]

Chains, texts, blocks and anchors. ANCHORS is your own copy of the anchor file, from a place that
the owner of the database cannot write to; without it the copy that came along is used. Signatures
are checked by the openssl lines of README.txt. Exit code 0: all hold; 1: findings, one a line.
"""

import hashlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE, GENESIS = Path(__file__).resolve().parent, "sha256:" + "0" * 64
found: list[str] = []


def digest(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


def canonical(of: dict[str, Any]) -> bytes:
    return json.dumps(of, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def lines(path: Path, torn: bool = False) -> Iterator[Any]:
    for number, line in enumerate(path.read_text("utf-8").split("\n"), 1):
        try:
            yield from [json.loads(line)] if line else []
        except ValueError:  # a power cut may leave half a line among the anchors
            found.extend([] if torn else [f"{path.name} line {number}: no whole line of JSON"])


def check_chain(escalation: str, records: list[Any]) -> None:
    seq, prev = 0, GENESIS
    erased = max((r["seq"] for r in records if r["kind"] == "record:erased"), default=0)
    for r in records:
        where = f"escalation {escalation} record {r['seq']}"
        named = {k: r[k] for k in r if k not in ("body_hash", "hash", "text")}
        if digest(canonical({**named, "body": r["body_hash"]})) != r["hash"]:
            found.append(f"{where}: it was changed")
        if r["seq"] != seq + 1 or r["prev"] != prev:
            found.append(f"{where}: it does not follow on the one before")
        if r["text"] is None and r["seq"] >= erased:
            found.append(f"{where}: its text is missing")
        if r["text"] is not None and digest(r["text"].encode()) != r["body_hash"]:
            found.append(f"{where}: its text was changed")
        seq, prev = r["seq"], r["hash"]


def root(leaves: list[bytes]) -> bytes:
    if len(leaves) == 1:
        return leaves[0]
    left = 1 << (len(leaves) - 1).bit_length() - 1
    return hashlib.sha256(b"\x01" + root(leaves[:left]) + root(leaves[left:])).digest()


def check_block(block: Any, before: Any, chains: dict[str, list[Any]]) -> None:
    where = f"block {block['number']}"
    heads = [{"escalation": e, "seq": s, "hash": h} for e, s, h in block["heads"]]
    leaves = [hashlib.sha256(b"\x00" + canonical(head)).digest() for head in heads]
    if not len(leaves) == block["count"] > 0 or f"sha256:{root(leaves).hex()}" != block["root"]:
        found.append(f"{where}: its heads are others")
    named = {k: block[k] for k in block if k not in ("hash", "heads")}
    if digest(canonical(named)) != block["hash"]:
        found.append(f"{where}: it was changed")
    if before and before["hash"] != block["prev"]:
        found.append(f"{where}: it does not follow on the one before")
    for e, seq, head in block["heads"]:
        if e in chains and head not in [r["hash"] for r in chains[e] if r["seq"] == seq]:
            found.append(f"{where}: record {seq} of escalation {e} is another one or missing")


def check_anchors(path: Path, blocks: dict[int, Any], until: str) -> int:
    anchored: dict[int, str] = {}
    for line in lines(path, torn=True) if path.exists() else ():
        anchored.setdefault(line["block"], line["hash"])  # the first one counts
    for number, block in blocks.items():
        if anchored and number not in anchored and block["at"] < until:
            found.append(f"block {number}: it is not anchored")
        elif anchored.get(number, block["hash"]) != block["hash"]:
            found.append(f"block {number}: another one was anchored")
    return len(anchored.keys() & blocks.keys())


def main(anchors: Path) -> int:
    manifest = json.loads((HERE / "manifest.json").read_text("utf-8"))
    until = manifest["settled"]  # what is newer may not be sealed and anchored yet
    chains: dict[str, list[Any]] = {}
    for record in lines(HERE / "events.jsonl"):
        chains.setdefault(record["escalation"], []).append(record)
    blocks: dict[int, Any] = {}
    sealed: dict[str, int] = {}
    for block in lines(HERE / "blocks.jsonl"):
        check_block(block, blocks.get(block["number"] - 1), chains)
        blocks[block["number"]] = block
        sealed.update({e: max(seq, sealed.get(e, 0)) for e, seq, _ in block["heads"]})
    for escalation, records in chains.items():
        check_chain(escalation, records)
        loose = [r for r in records if r["seq"] > sealed.get(escalation, 0)]
        if loose and loose[0]["at"] < until:
            found.append(f"escalation {escalation} record {loose[0]['seq']}: no block seals it")
    held = check_anchors(anchors, blocks, until)
    counts = {"escalations": len(chains), "records": sum(map(len, chains.values()))}
    counts["blocks"] = len(blocks)
    lost = [what for what, count in counts.items() if manifest[what] != count]
    found.extend(f"manifest.json: {manifest[w]} {w} went out, {counts[w]} are here" for w in lost)
    said = ", ".join(f"{count:,} {what}" for what, count in counts.items())
    result = f"{len(found):,} findings" if found else "all hold"
    print(*found, f"{said} ({held:,} of them anchored): {result}.", sep="\n")
    return 1 if found else 0


if __name__ == "__main__":
    try:
        sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "anchors.jsonl"))
    except (OSError, LookupError, TypeError, ValueError, AttributeError) as error:
        sys.exit(f"This is no bundle as it was exported: {error!r}")
