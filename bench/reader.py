"""A reader of the dashboard that draws nothing: one session over the websocket, as Streamlit's own browser part."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Delta_pb2 import Delta
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

LONGEST = 64 * 2**20  # bytes of a message
LONGEST_RUN = 60  # s
GOES_ON = (ForwardMsg.FINISHED_EARLY_FOR_RERUN, ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY)


@dataclass
class Reader:
    """One session."""

    socket: ClientConnection
    query: str
    pages: dict[str, str] = field(default_factory=dict)  # a page's path to the name that a change of page sends
    said: list[Delta] = field(default_factory=list)  # all that the last run of the script put on the page

    @classmethod
    async def opened(cls, url: str, query: str) -> Reader:
        """A session of the app at *url*, its first page read."""
        address = f"{url.replace('http', 'ws', 1)}/_stcore/stream"
        socket = await connect(address, subprotocols=[Subprotocol("streamlit")], max_size=LONGEST)
        reader = cls(socket, query)
        await reader._run("")
        return reader

    async def change(self, path: str) -> tuple[float, float]:
        """Seconds from asking for a page to its title, and to the end of its script."""
        return await self._run(self.pages[path])

    def text(self) -> str:
        """All words on the page."""
        return "\n".join(map(str, self.said))

    def failed(self) -> bool:
        """Whether there is a traceback on the page."""
        return any(delta.new_element.HasField("exception") for delta in self.said)

    async def close(self) -> None:
        """End the session."""
        await self.socket.close()

    async def _run(self, page: str) -> tuple[float, float]:
        asked = BackMsg()
        asked.rerun_script.query_string = self.query
        asked.rerun_script.page_script_hash = page
        start, title, self.said = time.perf_counter(), 0.0, []
        await self.socket.send(asked.SerializeToString())
        async with asyncio.timeout(LONGEST_RUN):
            async for raw in self.socket:
                assert isinstance(raw, bytes)
                message = ForwardMsg.FromString(raw)
                kind = message.WhichOneof("type")
                if kind == "navigation":
                    each = message.navigation.app_pages
                    self.pages = {page.url_pathname: page.page_script_hash for page in each}
                elif kind == "page_info_changed":
                    self.query = message.page_info_changed.query_string
                elif kind == "delta":
                    self.said.append(message.delta)
                    element = message.delta.new_element
                    if element.HasField("heading") and element.heading.tag == "h1":
                        title = time.perf_counter() - start
                elif kind == "script_finished" and message.script_finished not in GOES_ON:
                    break
            else:
                raise ConnectionError("the server ended the session")
        return title, time.perf_counter() - start
