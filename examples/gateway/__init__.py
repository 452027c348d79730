"""The gateway: one REST API and a page over the accounts at the four vendors.

`make gateway` starts it on the sandbox; `python -m examples.gateway --live` on the accounts of the environment.
"""
