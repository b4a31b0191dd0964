"""Processes that are nobody's child here: whether they still run."""

import os
import select


def has_ended(pid: int, within_s: float) -> bool:
    """Whether it ends in time, or has ended."""
    try:
        watched = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([watched], [], [], within_s)[0])
    finally:
        os.close(watched)
