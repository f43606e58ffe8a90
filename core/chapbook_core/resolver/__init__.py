"""The resolver: from requirements to one set of versions for every environment, without reading anything itself."""
