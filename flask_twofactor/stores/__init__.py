"""Ring 1: where the extension keeps its own rows."""
