"""What clients are made to fetch, with aiohttp and with httpx.

The twin of src/clients/: the same words on the command line, the same lines on standard output.
"""

import asyncio
import resource
import signal
import sys
import time

LIFE = 100


def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize()


async def with_aiohttp(lanes, work):
    import aiohttp

    connector = aiohttp.TCPConnector(limit=lanes)
    async with aiohttp.ClientSession(connector=connector) as session:

        async def get(url):
            async with session.get(url) as response:
                return len(await response.read())

        await work(get)


async def with_httpx(lanes, work):
    import httpx

    limits = httpx.Limits(max_connections=lanes, max_keepalive_connections=lanes)
    async with httpx.AsyncClient(limits=limits, timeout=60, trust_env=False) as session:

        async def get(url):
            return len((await session.get(url)).content)

        await work(get)


CLIENTS = {"aiohttp": with_aiohttp, "httpx": with_httpx}


async def job(name, port, path, lanes, warm, each):
    if name == "httpx":
        # It takes a hundred times as long as the others.
        each = max(1, each // 50)
    url = f"http://127.0.0.1:{port}{path}"
    size = 100 * 1024 if path == "/100k" else 1024

    async def work(get):
        async def worker(pages):
            for _ in range(pages):
                length = await get(url)
                assert length == size, length

        async def fetch(pages):
            await asyncio.gather(*[worker(pages) for _ in range(lanes)])

        before = resident()
        if warm:
            await fetch(min(warm, each))
        cpu, start = time.process_time_ns(), time.monotonic()
        await fetch(each)
        passed = time.monotonic() - start
        print("ns CPU", (time.process_time_ns() - cpu) / (lanes * each))
        print("requests/s", lanes * each / passed)
        print("ms", passed * 1e3)
        print("MB at most", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6)
        print("bytes a connection", (resident() - before) / lanes)

    await CLIENTS[name](lanes, work)


def main():
    signal.alarm(LIFE)
    _, name, port, path, *numbers = sys.argv[1:]
    asyncio.run(job(name, port, path, *map(int, numbers)))


main()
