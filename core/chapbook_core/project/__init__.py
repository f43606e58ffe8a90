"""The project on disk: its folder, its `pyproject.toml` and its settings, read as values and edited in place."""
