"""Auditing: whether what a store holds can be what happened. Pure: rows in, findings out.

::

    entries -> chain: seq, prev, hash, body -> refold: the state, its columns and rows agree
    blocks  -> blocks: numbers, prev, root -> each head names a record
    anchors -> anchors: each line names a block, signed
"""

from approvals.auditing.chain import Entry, check_chain
from approvals.auditing.findings import Finding

__all__ = ["Entry", "Finding", "check_chain"]
