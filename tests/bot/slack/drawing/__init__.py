"""Every text and every block, compared with stored copies and with Slack's limits."""
