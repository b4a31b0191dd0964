"""Secrets never reach the core: what arrives is redacted before anything is made of it.

```
walk       a JSON value: by key name, by place, member by member; lists where something was hidden
text       one text, through all of the below
names      what a key is called: `db_password`, `apiKey`, `Authorization`
spoken     named in words: assigned, given to a flag, in a header line, in SQL, said in a sentence
addresses  user and password, signatures and hooks in addresses, connection strings
shapes     tokens known by their shape, private keys
entropy    what reads like nothing: random letters and digits of some length
remembered what was found of short texts
```

The doors use it, the log and the pages too. The whole token around a hit goes. Paths that the
policy shows are exempt: they are what is being decided.
"""

from bot.redaction.names import is_secret_name
from bot.redaction.text import is_plain, redact_text
from bot.redaction.walk import Redacted, redact

__all__ = ["Redacted", "is_plain", "is_secret_name", "redact", "redact_text"]
