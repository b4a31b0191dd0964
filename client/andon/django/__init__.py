"""Django, held: with `andon.django` among INSTALLED_APPS, `migrate` asks people first.

    INSTALLED_APPS = [..., "andon.django"]
    ANDON = {"environment": "production"}

`ANDON` takes what `Client.open` takes (`approvers`, `reference`, `summary`, `decide_within_s` ...)
and `databases`: the aliases that are held; all, if left out. Tests' own databases never are.
"""
