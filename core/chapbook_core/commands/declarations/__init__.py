"""The declarations of the commands, a file for each family; importing them costs nothing but values."""
