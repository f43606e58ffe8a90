"""From wheels to an environment: strict reading, a store shared by all projects, placement and removal."""
