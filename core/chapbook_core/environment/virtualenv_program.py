"""What runs virtualenv for somebody who does something else meanwhile: a program, run on its own and never imported.

It is given the words for virtualenv, and where Python looks for modules, as JSON. It imports nothing of ours. Where it
is run by the very Python that the environment is to be made from, virtualenv starts no other process to ask that one.
"""

from __future__ import annotations

import gc
import json
import os
import sys

if __name__ == "__main__":
    # To look for garbage while so much is loaded, and to take it all down again, takes a third of the time.
    gc.disable()
    words, places = json.loads(sys.argv[1])
    # After the standard library: `-S` leaves out what is installed for this Python.
    sys.path.extend(place for place in places if place not in sys.path)
    from virtualenv import cli_run

    cli_run(words, setup_logging=False, env={"VIRTUALENV_CONFIG_FILE": os.devnull})
    os._exit(0)
