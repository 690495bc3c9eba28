"""Real workers on a real database under load, while both are restarted: `make soak`."""
