"""The command that runs notebooks as tests."""

from __future__ import annotations

from chapbook_core.commands.command import Argument, Command, Example, Option

TEST = Command(
    name="test",
    summary="Run notebooks as tests, each in a kernel of its project",
    run="chapbook_core.commands.test:run",
    description=(
        "Every code cell is run, from top to bottom, but for those tagged `skip` and those that say `#| eval: false`. "
        "A notebook fails with its first error; cells tagged `raises-exception` may raise one. "
        "Nothing is written into notebooks. The status is 1 when one fails, and 5 when there is nothing to run."
    ),
    arguments=(
        Argument(
            "path",
            "notebooks, percent scripts, and folders of notebooks; by default the present folder",
            required=False,
            repeated=True,
            completes="path",
        ),
    ),
    options=(
        Option("keyword", "only notebooks whose path fits, as in `report and not slow`", short="k", value="WORDS"),
        Option(
            "tagged", "of each notebook only what is exported or tagged `test`; notebooks without tests are left out"
        ),
        Option("jobs", "how many notebooks run at once; `auto` for one a processor", short="j", value="NUMBER"),
        Option("cell-timeout", "how long a cell may take", value="SECONDS"),
        Option("fail-fast", "stop everything with the first notebook that fails", short="x"),
        Option("junit-xml", "write a report that continuous integrations read", value="FILE", completes="path"),
        Option("format", "how to print the result", value="FORMAT", choices=("text", "json")),
    ),
    examples=(
        Example("test", "run every notebook here and below"),
        Example("test nbs -j auto --junit-xml report.xml", "what a continuous integration should run"),
        Example("test --tagged -k model", "run the test cells of some notebooks"),
    ),
)

COMMANDS = (TEST,)
