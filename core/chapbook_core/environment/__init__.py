"""Interpreters, and the virtual environments made from them."""
