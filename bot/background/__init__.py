"""What runs by itself: the clock, the refresher of people, the card reconciler, the deliveries.

::

    loop      the shape of them all        lanes     owed work under way, side by side
    clock     what is overdue              line      Slack's limits and absences, for all who speak
    refresher facts about people           budget    how many calls may be made now
    cards     what cards show              refusals  what Slack's answers mean for the next attempt
    spoken    answers, threads, directs    callbacks, webhooks, egress    wake-ups to services
    pages     people outside Slack         page_text, addresses, outside  what, where to, and how

Each is a task that wakes on a signal and on a period, takes no input, looks at durable rows and is
idempotent: what failed is simply still due. Killing the process at any point loses nothing but
time.
"""
