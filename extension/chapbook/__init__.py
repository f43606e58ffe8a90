"""What people type and click: the magics and the Jupyter server extension."""
