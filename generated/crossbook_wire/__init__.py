"""The four vendors' own APIs, typed and async, without an HTTP library inside.

Written from specs/*.yaml, never by hand.
"""
