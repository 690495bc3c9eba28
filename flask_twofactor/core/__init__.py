"""Ring 0: values, rules and ports; knows no framework."""
