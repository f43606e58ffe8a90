"""What is learnt about the outside: pages and metadata as values, and how they are fetched and kept."""
