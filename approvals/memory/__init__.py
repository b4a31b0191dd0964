"""Memory: what earlier escalations teach the next one. It informs, and never decides by itself.

::

    an escalation ends -> remembered (fingerprint, option, outcome) -> the next one is shown it
                       -> a review is due, and says what was learned -> issues, known errors
                       -> decided alike again and again -> a rule is proposed, and people accept it

All of it is made of events: what is remembered can be thrown away and made again.
"""
