"""The store in memory: every port over dictionaries, with the fold of the real one.

For tests of the doors and of whatever is built on the ports: no file, no thread, no wait. It
passes the same contract as the store on SQLite, and it fails when told to (`Faults`)::

    async with open_memory_store(facts=…, signer=…, clock=…, committed=…) as store:
        store.faults.not_saved()
        await store.writer.submit(command)  # raises NotSavedError; nothing was stored

What it remembers lasts as long as its `Memory`; open another store on the same one to play a
restart.
"""

from storage.memory.faults import Faults
from storage.memory.rows import Memory
from storage.memory.store import MemoryStore, open_memory_store

__all__ = ["Faults", "Memory", "MemoryStore", "open_memory_store"]
