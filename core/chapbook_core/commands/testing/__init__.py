"""Notebooks as tests: which cells are run, in which kernels, and what came of them."""
