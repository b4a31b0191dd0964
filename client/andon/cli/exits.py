"""What the command's exit codes mean: one place for all of it."""

from enum import IntEnum


class Exit(IntEnum):
    """Where `andon run` ran COMMAND, its own code counts instead."""

    DONE = 0  #: as asked
    WAITING = 1  #: `wait --timeout`: still nobody has decided
    USAGE = 2  #: the command line is wrong; nobody was asked
    REJECTED = 121  #: rejected, stopped or void
    WITHDRAWN = 122  #: taken back before it was decided
    TAKEN = 123  #: another caller runs it
    EXPIRED = 124  #: nobody decided in time, or approved and never taken
    UNASKED = 125  #: Andon could not be asked, or the grant did not verify
    UNSTARTABLE = 126  #: COMMAND is there and cannot be started
    NOT_FOUND = 127  #: there is no COMMAND
    INTERRUPTED = 130  #: Ctrl-C
