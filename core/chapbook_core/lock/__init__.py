"""The lock as values, and the files it is written to and read from."""
