"""Ring 1: how mails and texts leave the app."""
