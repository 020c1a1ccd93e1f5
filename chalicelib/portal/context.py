"""What goes through the portal and is of another shape on each page."""

from typing import Any

Parts = dict[str, Any]  # an id of a license, user or batch is an int, a name a str
"""The parts of an address."""
Context = dict[str, Any]  # each template says what it needs; a name that it lacks is an error there
"""What a template is given, by name."""
View = Any  # of `usecases.portal_queries`: each page has its own, with a `principal` or being one
"""What a page shows of what is stored."""
Changed = Any  # each form makes its answer of what its own use case returns
"""What a use case has changed."""
Loaded = Any  # each handler has a view of its own, and takes the one that its own `load` answers
"""A view, or a view and more for the template (`Context`)."""
