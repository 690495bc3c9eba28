"""Ring 2: the use cases, one verb each; they speak to ports."""
