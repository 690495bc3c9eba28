"""Ring 1: how mails (and later texts) leave the app."""
