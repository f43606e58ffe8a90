"""From a folder of notebooks to a wheel that was tried: the parts of `chapbook package`."""
