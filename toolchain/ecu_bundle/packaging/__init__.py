"""Update packages: signed, checked before anything is erased, and streamed; ``docs/update_package.md``."""
