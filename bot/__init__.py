"""The outside world: the process, its doors and its clockwork.

`api/` is what services call, `slack/` what approvers see, `background/` what runs by itself,
`demo/` a local stand-in for Slack. They meet in `approvals` through its ports; `app` joins them.
"""
