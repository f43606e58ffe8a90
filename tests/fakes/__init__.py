"""Stand-ins that implement the ports of the house, so that tests need no mocks."""
