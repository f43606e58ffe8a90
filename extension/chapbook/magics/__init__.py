"""What people type in cells; runs inside the kernels of projects."""
