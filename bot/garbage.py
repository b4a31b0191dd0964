"""When Python looks for garbage: not while modules are loaded, and seldom while a server runs.

Nearly all garbage here is freed by counting. What remains are cycles, and looking for them means
going through all that is there.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def loading() -> Iterator[None]:
    """For imports: nearly all that they make stays, so it is left out of every look, also at the
    end. Otherwise a command spends a third of its time on that.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_enabled:
            gc.enable()


def collect_less() -> None:
    """Leave what stands since the start out of every collection, and collect less often.

    Otherwise looking for cycles takes a tenth of each request. What imports left over is let go.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
