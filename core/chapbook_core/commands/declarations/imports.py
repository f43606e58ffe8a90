"""The commands about notebooks: what they import, what produced them, and how they travel."""

from __future__ import annotations

from chapbook_core.commands.command import Argument, Command, Example, Option, Writes

_FORMAT = Option("format", "how to print the result", short="f", value="FORMAT", choices=("text", "json"))

FIND_MODULE = Command(
    name="find-module",
    summary="Tell which package brings a module",
    run="chapbook_core.commands.missing_module:run",
    description=(
        "What is installed, locked and required is looked at, then a table of well-known packages, then what you have "
        "installed before. No index is asked, and no package is proposed only because it has the name of the module."
    ),
    arguments=(Argument("module", "the module, as Python imports it"),),
    options=(_FORMAT,),
    examples=(
        Example("find-module sklearn", "tell that scikit-learn brings it"),
        Example("find-module google.cloud.storage", "tell who brings a part of a namespace"),
    ),
)

_NOTEBOOKS = Argument(
    "notebook", "the notebooks; in a notebook, by default that one", required=False, repeated=True, completes="path"
)

STAMP = Command(
    name="stamp",
    summary="Note in a notebook which environment has produced its outputs",
    run="chapbook_core.commands.stamp:stamp",
    writes=Writes(files=False),
    description=(
        "The notebook's metadata then hold the Python, the lock's content hash, and the versions of all that it "
        "imports, directly or through the project's own modules. Nothing else in the file changes. "
        "With `stamp = true` under `[tool.chapbook]` every notebook that `chapbook` executes is stamped."
    ),
    arguments=(_NOTEBOOKS,),
    options=(_FORMAT,),
    examples=(Example("stamp analysis.ipynb", "note what its outputs come from"),),
)

VERIFY = Command(
    name="verify",
    summary="Tell whether today's environment is the one that produced a notebook's outputs",
    run="chapbook_core.commands.stamp:verify",
    description="It compares with the notebook's stamp, shows what is different, and fails when anything is.",
    arguments=(_NOTEBOOKS,),
    options=(_FORMAT,),
    examples=(Example("verify *.ipynb", "look whether the outputs are still those of this environment"),),
)

PACK = Command(
    name="pack",
    summary="Put a notebook and its project into one file that travels alone",
    run="chapbook_core.commands.packing:pack",
    description=(
        "The copy carries `pyproject.toml` and `poetry.lock` in its metadata, and in a first, folded cell the inline "
        "metadata that other tools read. `chapbook unpack` makes the same project of it, without asking any index."
    ),
    arguments=(Argument("notebook", "the notebook", completes="path"),),
    options=(
        Option("output", "the file; by default NAME.packed.ipynb", short="o", value="PATH", completes="path"),
        _FORMAT,
    ),
    examples=(Example("pack analysis.ipynb", "write analysis.packed.ipynb, to be sent to somebody"),),
)

UNPACK = Command(
    name="unpack",
    summary="Make a project of a single notebook",
    run="chapbook_core.commands.packing:unpack",
    description=(
        "A packed notebook brings its project and lock. Of any other one the inline metadata, and what its cells "
        "install, become the requirements. Nothing is installed."
    ),
    arguments=(
        Argument("notebook", "the notebook", completes="path"),
        Argument(
            "folder", "the folder to make; by default as the notebook is called", required=False, completes="path"
        ),
    ),
    options=(_FORMAT,),
    examples=(Example("unpack analysis.packed.ipynb", "make the folder `analysis` with the same project"),),
)

COMMANDS = (FIND_MODULE, STAMP, VERIFY, PACK, UNPACK)
