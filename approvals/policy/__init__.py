"""The policy: the file, and what it asks for in each case. First matching rule wins.

`model` is the file as values, `load` reads it and names every mistake with its line, `plan` says
what one request needs, `seats` who can fill the seats.
"""
