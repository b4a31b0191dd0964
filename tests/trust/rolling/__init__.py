"""Versions side by side: the pinned one's code, today's, and one whose migrations are planted."""
