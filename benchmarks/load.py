"""Clients that keep their connections and ask one after the other: a process of its own that costs little.

Told a round a line on its standard input, ``{"requests": [base64, …], "seconds": 3}``, of which the clients send one
after the other, and the first again after the last, it answers each with a line:
``{"latencies": [seconds, …], "seconds": 3.01}``. It fails at the first answer that is not a 200.
"""

import asyncio
import base64
import itertools
import json
import sys
import time
from collections.abc import Iterator


async def main(port: int, clients: int) -> None:
    connections = [await asyncio.open_connection("127.0.0.1", port) for _ in range(clients)]
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        asked = json.loads(line)
        requests = itertools.cycle([base64.b64decode(one) for one in asked["requests"]])
        began = time.perf_counter()
        found = await asyncio.gather(*(ask(one, requests, began + asked["seconds"]) for one in connections))
        took = time.perf_counter() - began
        print(json.dumps({"latencies": [one for of_client in found for one in of_client], "seconds": took}), flush=True)


async def ask(
    connection: tuple[asyncio.StreamReader, asyncio.StreamWriter], requests: Iterator[bytes], end: float
) -> list[float]:
    """The seconds that each answer took."""
    reader, writer = connection
    taken = []
    while (began := time.perf_counter()) < end:
        writer.write(next(requests))
        await answer(reader)
        taken.append(time.perf_counter() - began)
    return taken


async def answer(reader: asyncio.StreamReader) -> None:
    head = await reader.readuntil(b"\r\n\r\n")
    status, _, lines = head.partition(b"\r\n")
    headers = dict(line.lower().split(b": ", 1) for line in lines.split(b"\r\n") if b": " in line)
    body = b""
    if b"content-length" in headers:
        body = await reader.readexactly(int(headers[b"content-length"]))
    else:
        while (size := int(await reader.readline(), 16)) or await reader.readexactly(2) != b"\r\n":
            body += (await reader.readexactly(size + 2))[:-2]
    if b" 200 " not in status:
        raise SystemExit(f"{status.decode()}: {body[:2000]!r}")


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2])))
