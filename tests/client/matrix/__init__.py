"""The failure matrix: whatever goes wrong, wherever one enters, the guarded thing happens exactly
when a verified grant was there.
"""
