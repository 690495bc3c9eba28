"""Ring 3: Flask, Flask-Login, forms, pages and the command line."""
