"""Flashing: an update package goes into an ECU by UDS over DoIP; ``docs/flashing.md``."""
