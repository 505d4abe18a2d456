"""What clients are made to fetch, with aiohttp and with httpx.

The twin of src/clients/: the same words on the command line, the same lines on standard output.
"""

import asyncio
import re
import resource
import signal
import sys
import time

LIFE = 100
PAGES = 5000
LINK = re.compile(rb'<a href="([^"]*)"')


def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize()


async def with_aiohttp(lanes, work):
    import aiohttp

    connector = aiohttp.TCPConnector(limit=lanes)
    async with aiohttp.ClientSession(connector=connector) as session:

        async def get(url):
            async with session.get(url) as response:
                return await response.read()

        await work(get)


async def with_httpx(lanes, work):
    import httpx

    limits = httpx.Limits(max_connections=lanes, max_keepalive_connections=lanes)
    async with httpx.AsyncClient(limits=limits, timeout=60, trust_env=False) as session:

        async def get(url):
            return (await session.get(url)).content

        await work(get)


CLIENTS = {"aiohttp": with_aiohttp, "httpx": with_httpx}


async def measured(before, lanes, pages, fetch):
    cpu, start = time.process_time_ns(), time.monotonic()
    await fetch
    passed = time.monotonic() - start
    print("ns CPU", (time.process_time_ns() - cpu) / pages)
    print("requests/s", pages / passed)
    print("ms", passed * 1e3)
    print("MB at most", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6)
    print("bytes a connection", (resident() - before) / lanes)


async def job(name, port, path, lanes, warm, each):
    url = f"http://127.0.0.1:{port}{path}"
    size = 100 * 1024 if path == "/100k" else 1024

    async def work(get):
        async def worker(pages):
            for _ in range(pages):
                body = await get(url)
                assert len(body) == size, len(body)

        async def fetch(pages):
            await asyncio.gather(*[worker(pages) for _ in range(lanes)])

        before = resident()
        if warm:
            await fetch(warm)
        await measured(before, lanes, lanes * each, fetch(each))

    await CLIENTS[name](lanes, work)


async def crawl(name, port, lanes):
    begin = f"http://127.0.0.1:{port}"

    async def work(get):
        seen, whole = {b"/crawl/0"}, 0
        due = asyncio.Queue()
        due.put_nowait(b"/crawl/0")

        async def worker():
            nonlocal whole
            while True:
                body = await get(begin + (await due.get()).decode())
                whole += body.endswith(b"</body></html>\n")
                for path in LINK.findall(body):
                    if path not in seen:
                        seen.add(path)
                        due.put_nowait(path)
                due.task_done()

        async def site():
            workers = [asyncio.create_task(worker()) for _ in range(lanes)]
            end = asyncio.create_task(due.join())
            done, _ = await asyncio.wait([end, *workers], return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
            for task in workers:
                task.cancel()
            assert whole == len(seen) == PAGES, (whole, len(seen))

        await measured(resident(), lanes, PAGES, site())

    await CLIENTS[name](lanes, work)


def main():
    signal.alarm(LIFE)
    work, name, port, *words = sys.argv[1:]
    if work == "crawl":
        asyncio.run(crawl(name, port, *map(int, words)))
    else:
        path, *numbers = words
        asyncio.run(job(name, port, path, *map(int, numbers)))


main()
