"""Every text and shape in Slack, as pure functions: values in, blocks out (the model: CARDS).

Foreign text is never parsed: it goes into literal `rich_text` and `plain_text` elements, between
guillemets, with hidden characters made visible.
"""
