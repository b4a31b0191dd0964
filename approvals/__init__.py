"""The core: what an escalation is, who may decide it, and what follows.

Pure: no I/O, no clock, no randomness of its own. Doors translate the outside into commands, the one
write path calls `step`, and everything that must agree (the live server, the property tests, the
audit) uses the same three functions::

    command -> decide(state, command, facts, now) -> events | refusal
               evolve(escalation, record)         -> escalation
               owes(before, record, ...)          -> work to do

Where to look: `words` (enums and their states), `escalation` (the values), `commands`, `people`,
`facts`, `events` (the audit log's grammar and chain), `refusals`, `tally` (who counts), `decide/`
(one file a verb), `evolve`, `owes`, `step` (how they are driven), `policy/` (the file and what it
asks for), `sums` (what adds up in a day), `asked` and `replay/` (the past under another policy),
`memory/` (what earlier ones teach), `grants`, `canonical` (bytes and digests), `ports` (what the
core needs from outside).
"""

#: Written into every event: which `decide` made it. `evolve` must read all of them for ever.
CORE_VERSION = 1
