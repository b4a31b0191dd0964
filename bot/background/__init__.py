"""What runs by itself: the clock, the refresher of people, the card reconciler, the deliveries.

Each is a task that wakes on a signal and on a period, takes no input, looks at durable rows, is
idempotent and does not retry by itself: what failed is simply still due. Killing the process at any
point loses nothing but time.
"""
