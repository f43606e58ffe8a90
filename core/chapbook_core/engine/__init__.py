"""The engine front end: requests in as lines of JSON, events and replies out, many projects at once."""
