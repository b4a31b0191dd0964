"""How many of what, in words for a person."""


def listed(*counts: tuple[int, str]) -> str:
    """`1 vote, 1,200 records`."""
    return ", ".join(counted(n, word) for n, word in counts)


def counted(n: int, word: str) -> str:
    """`1 vote`, `1,200 votes`."""
    return f"{n:,} {word}{'' if n == 1 else 's'}"
