"""What an editable installation takes along to import from notebooks: standard library alone, from Python 3.9 on.

The build reads notebooks with the same files, so that both make the same modules. They name each other relatively,
because an editable installation holds them as a package of another name.
"""
