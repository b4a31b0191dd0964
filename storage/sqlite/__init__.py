"""What only a file has: its lock and its pragmas, its place, its bytes, its copies."""
