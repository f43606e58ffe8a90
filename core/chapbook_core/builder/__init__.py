"""Sources become metadata and wheels: other people's through their own backends, ours through one of ours."""
