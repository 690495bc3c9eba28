"""Our own parts held to the contracts that hosts can use."""
