"""The pages, each a thin reader of one flow."""
