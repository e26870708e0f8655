"""The rules of the house, pure: values in, values out. No clock, no database, no network."""
