"""The command that sends distributions to a repository."""

from __future__ import annotations

from chapbook_core.commands.command import Command, Example, Option

PUBLISH = Command(
    name="publish",
    summary="Upload the distributions of the project to a repository",
    run="chapbook_core.commands.publish:run",
    description=(
        "What is in `dist` for the project's version is looked at first: nothing is sent when an index would refuse "
        "any of it. A file that is there already with the same content is not sent again, and a try that broke off is "
        "looked after before the next. Credentials come from the options, from `CHAPBOOK_PYPI_TOKEN_<NAME>` or "
        "`CHAPBOOK_HTTP_BASIC_<NAME>_USERNAME` and `_PASSWORD` (or Poetry's variables), from the settings "
        "`pypi-token.<name>` and `http-basic.<name>`, from trusted publishing in a job of a build service, from the "
        "keyring, from `.pypirc` in your home folder, or from you. That file is also where a repository is looked for "
        "that no setting names."
    ),
    options=(
        Option(
            "repository",
            "where to publish, as the setting `repositories.<name>` calls it; by default the public index",
            short="r",
            value="NAME",
        ),
        Option("username", "the user to publish as", short="u", value="USER"),
        Option("password", "the password, or a token; better kept in a variable or setting", short="p", value="SECRET"),
        Option("build", "build the distributions first"),
        Option("dist-dir", "where they are, by default `dist` of the project", value="DIR", completes="path"),
        Option("skip-existing", "leave out files whose name the repository has given already"),
        Option("dry-run", "look at everything, and send nothing"),
        Option("cert", "a file of certificate authorities to believe", value="FILE", completes="path"),
        Option("client-cert", "a file with a certificate and its key to show", value="FILE", completes="path"),
        Option(
            "trusted-publishing",
            "whether the identity of a build service's job is exchanged for a token",
            value="WHEN",
            choices=("automatic", "always", "never"),
        ),
        Option("attestations", "send signed attestations along, and make those that are missing"),
        Option("format", "how to print the result", short="f", value="FORMAT", choices=("text", "json")),
    ),
    examples=(
        Example("publish --build", "build the project, look at what came of it, and upload it"),
        Example("publish --dry-run", "find out whether it would be taken"),
        Example("publish -r work --skip-existing", "upload to a repository of your own what it does not have"),
    ),
)

COMMANDS = (PUBLISH,)
