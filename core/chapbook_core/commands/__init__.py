"""What a person can ask for: every command takes values and returns a typed result, and none prints."""
