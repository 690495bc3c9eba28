"""Ring 1: one file per way to prove who one is."""
