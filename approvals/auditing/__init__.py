"""Auditing: whether what a store holds can be what happened. Pure: rows in, findings out.

::

    one escalation   chain: seq, prev, hash, body  ->  refold: state, columns, rows, laws
    all together     blocks: number, prev, root, each head a record  ->  anchors: a signed line each

A finding is a value: where, and what. Nothing here trusts what another part of it has not checked.
"""

from approvals.auditing.anchors import AnchorCheck
from approvals.auditing.blocks import BlockCheck, KeptBlock, Sealed
from approvals.auditing.chain import Entry, check_chain
from approvals.auditing.escalations import Auditor
from approvals.auditing.findings import Finding
from approvals.auditing.kept import Columns, Kept, Keys

__all__ = [
    "AnchorCheck",
    "Auditor",
    "BlockCheck",
    "Columns",
    "Entry",
    "Finding",
    "Kept",
    "KeptBlock",
    "Keys",
    "Sealed",
    "check_chain",
]
