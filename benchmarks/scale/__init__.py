"""What does not grow with the number of users: `make bench-scale`."""
