"""Faults across machines: two replicas on one PostgreSQL, and whatever may befall one of the three
or the way between two of them. Afterwards every invariant is asked, as after a kill.

::

    postgres            servers of our own: killed, stopped, copied, promoted
    wire                ways between machines: cut, mute, slow, cut at a COMMIT
    front               what stands before the replicas, as any load balancer
    fleet               all of them together, traffic on them, and what must be true of it
    clicked             what clicks are owed while nothing can be saved
    probe               who waits at each replica, and how soon they are answered after a fault
    planted, forked     bugs that the proofs must find, in the replicas' processes
"""
