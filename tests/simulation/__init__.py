"""The service in a simulated world: the gateway's own code, and clocks, disk, broker, devices and people that fail.

`python -m simulation --help`; docs/adr/0029-simulation.md says what is real and what is not.
"""
