"""What people need in order to judge a failure, collected where it happened.

```
gathering     Context: which things are collected, by whom, and what became of them
collecting    each collector by itself, within its own time
failure       an error with everything that caused it, and what was tried
surroundings  environment, versions, commits, the host
shapes        what each field of the contract takes, and how much of it
plain         any value as bounded JSON
```

It is collected after the escalation is safely opened and added to it then. A collector that hangs
or raises costs nothing but its line `not collected: …`; nothing leaves without redaction.
"""

from andon.context.failure import Attempt
from andon.context.gathering import Context

__all__ = ["Attempt", "Context"]
