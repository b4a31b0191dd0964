"""The rules of asking, without any I/O: generators that say what to do next and are told what came.

Both twins, `Client` and `AsyncClient`, drive the same flows, so no rule exists twice.
"""
