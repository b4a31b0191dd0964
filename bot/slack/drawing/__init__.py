"""Every text and shape in Slack, as pure functions: values in, blocks out (the model: CARDS).

::

    spans   our words, their words, people, times      words   words of the surface, in one place
    card    the card while it waits                    record  the card once it is over
    modals, form, details     windows                  answers, late   every answer to a click
    thread, directs           what is told later       lists   /escalations
    lockscreen                the line phones show     limits  what Slack takes

No I/O, no clock. Foreign text is never parsed: it is literal, on one line, between guillemets,
with hidden characters made visible.
"""
