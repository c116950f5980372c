"""The alarm core: decides, and can do nothing else (no clock, disk, network or framework)."""
