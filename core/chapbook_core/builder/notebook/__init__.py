"""Makes the modules of a project out of the exported cells of its notebooks."""
