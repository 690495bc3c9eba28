"""What the extension costs beside bare Flask-Login: `make bench`."""
