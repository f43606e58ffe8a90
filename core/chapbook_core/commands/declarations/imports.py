"""The commands about what notebooks and modules import."""

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

COMMANDS = (FIND_MODULE, STAMP, VERIFY)
