"""Secrets stay in this process: what is sent to Andon is redacted first.

```
walk     a value, member by member: by key name, and text by text
names    what a key is called: `db_password`, `apiKey`, `Authorization`
rules    one text: a table of patterns, each with one part that is hidden
chance   what reads like nothing: random letters and digits of some length
```

`redacted` is pure and may be used twice: what is hidden reads `[hidden]` and is left alone. An
operation is never redacted, for its digest binds what will run: pass references to secrets there.
"""

from andon.redaction.names import is_secret_name
from andon.redaction.walk import redacted

__all__ = ["is_secret_name", "redacted"]
