"""The mends, one topic a file: each says what AWS does, what the engine did, and has a contract test beside it.

Every module here offers `apply()`, which the launcher calls once, in the order of the modules' names.
"""
