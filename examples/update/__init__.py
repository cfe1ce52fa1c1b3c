"""The story of an update, and the simulated ECU that it is told with."""
