"""What Chapbook knows and does, without Jupyter."""
