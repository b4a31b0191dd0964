"""Monitors: they notice by themselves what people ought to look at. No I/O but the telling."""
