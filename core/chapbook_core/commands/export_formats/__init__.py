"""The formats that `export` writes and that are no locks: each makes texts of a subject."""
