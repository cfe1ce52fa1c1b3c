"""Building: sources on disk -> compiled, run and measured bundles."""
