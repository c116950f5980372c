"""Simulated devices: honest outsiders that share the wire contract and nothing more."""
