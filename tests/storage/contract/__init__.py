"""What every store promises, shown on each of them: in memory and on SQLite."""
