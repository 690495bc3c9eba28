"""The same small host with other second factors, measured beside ours: `make bench-peers`."""
