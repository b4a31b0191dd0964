"""Loss of power: only what was synced is there afterwards. `kept.c` says how that is modelled."""
