"""What the servers on the Python SDKs offer alike."""

from typing import Annotated, Literal

from pydantic import Field


async def echo(text: str) -> str:
    """Says what it is told"""
    return text


async def filler(
    query: Annotated[str, Field(description="What to look for.")],
    limit: Annotated[int, Field(ge=1, le=1000)] = 50,
    order: Literal["ascending", "descending"] = "ascending",
) -> str:
    return "nothing"


def offer(server, tools):
    """Gives a server `echo`, and fillers numbered from 3 to `tools`."""
    server.tool()(echo)
    for number in range(3, tools + 1):
        description = f"Looks through collection {number} and says what matches."
        name = f"tool_{number:04}"
        server.add_tool(filler, name, description=description, structured_output=False)
