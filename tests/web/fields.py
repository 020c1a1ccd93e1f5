"""How pydantic speaks, which no caller hears."""

import re

PYDANTIC = re.compile(
    r"Input should|Extra inputs|Field required|should have|should match|valid (string|integer|boolean|list|dictionary)"
    r"|instance of|unable to|\[|function-"
)
