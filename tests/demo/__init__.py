"""The local workspace: that it is as strict as Slack, driven by Slack's own SDK and Bolt."""
