"""Self reference: a project that requires itself, to make one extra of others or to give a group an extra.

`all = ["thesis[plot,web]"]` in the project `thesis` means what its extras `plot` and `web` require; no index is asked
for `thesis`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.requirements.diagram import FALSE, conjunction
from chapbook_core.requirements.name import canonical_name
from chapbook_core.resolver.problem import RootRequirement
from chapbook_core.value import replace

if TYPE_CHECKING:
    from chapbook_core.resolver.problem import Problem


def without_self_references(problem: Problem) -> Problem:
    """Return the problem with each requirement on the project itself replaced by what it stands for."""
    own_name = canonical_name(problem.name)
    references = [each for each in problem.requirements if each.dependency.name == own_name]
    if not own_name or not references:
        return problem
    requirements = dict.fromkeys(each for each in problem.requirements if each.dependency.name != own_name)
    met = set(references)
    while references:
        reference = references.pop()
        for named in problem.requirements:
            if named.dependency.extra and named.dependency.extra in reference.dependency.extras:
                brought = _brought_by(reference, named)
                if brought.dependency.region == FALSE:
                    continue
                if brought.dependency.name != own_name:
                    requirements[brought] = None
                elif brought not in met:
                    met.add(brought)
                    references.append(brought)
    return replace(problem, requirements=tuple(requirements))


def _brought_by(reference: RootRequirement, named: RootRequirement) -> RootRequirement:
    """Return a requirement of an extra as it is in force where a reference asks for that extra."""
    region = conjunction(named.dependency.region, reference.dependency.region)
    dependency = replace(named.dependency, extra=reference.dependency.extra, region=region)
    return RootRequirement(dependency, reference.group)
