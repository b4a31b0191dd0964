"""The Slack surface: what approvers see and press. `drawing/` holds every text, and is pure."""
