"""Starts a notebook's kernel in the environment of its project."""
