"""What runtimes are made to do, on asyncio and on uvloop.

The twin of the module `work` beside it: the same words on the command line, the same lines on standard output.
"""

import asyncio
import os
import resource
import signal
import sys
import threading
import time

LIFE = 100
SPAN = 1_000_000


def scattered(number, below):
    return (number * 2_654_435_761 & 0xFFFF_FFFF) % below


def far(number):
    return 1 + scattered(number, 60_000_000) / 1e6


async def warmed(count, work):
    """The CPU time for each of `count` things, the second time that they are done."""
    await work()
    begin = time.process_time_ns()
    await work()
    print("ns CPU", (time.process_time_ns() - begin) / count)


async def spawn(count):
    async def same(number):
        return number

    async def work():
        tasks = [asyncio.create_task(same(number)) for number in range(count)]
        assert sum([await task for task in tasks]) == count * (count - 1) // 2

    await warmed(count, work)


async def spawn_one(count):
    count = min(count, 200_000)

    async def same(number):
        return number

    async def work():
        for number in range(count):
            assert await asyncio.create_task(same(number)) == number

    await warmed(count, work)


async def yields(tasks, count):
    count = min(count, 500_000)

    async def often():
        for _ in range(count // tasks):
            await asyncio.sleep(0)

    async def work():
        await asyncio.gather(*[asyncio.create_task(often()) for _ in range(tasks)])

    await warmed(count, work)


async def ping_pong(count):
    count = min(count, 100_000)

    async def work():
        there, back = asyncio.Queue(), asyncio.Queue()

        async def partner():
            for _ in range(count):
                await back.put(await there.get())

        other = asyncio.create_task(partner())
        for number in range(count):
            await there.put(number)
            assert await back.get() == number
        await other

    await warmed(count, work)


async def call_soon(count):
    count = min(count, 200_000)
    loop = asyncio.get_running_loop()

    async def work():
        done = loop.create_future()

        def link(left):
            if left == 0:
                done.set_result(None)
            else:
                loop.call_soon(link, left - 1)

        link(count)
        await done

    await warmed(count, work)


async def timers(count):
    loop = asyncio.get_running_loop()

    async def work():
        handles = [loop.call_later(far(number), int) for number in range(count)]
        for handle in handles:
            handle.cancel()

    await warmed(count, work)


async def sleepers(count):
    cpu, start = time.process_time_ns(), time.monotonic()

    async def sleeper(deadline):
        await asyncio.sleep(max(0, deadline - (time.monotonic() - start)))
        return max(0, time.monotonic() - start - deadline)

    deadlines = [scattered(number, SPAN) / 1e6 for number in range(count)]
    tasks = [asyncio.create_task(sleeper(deadline)) for deadline in deadlines]
    late = sorted([await task for task in tasks])
    print("ns CPU", (time.process_time_ns() - cpu) / count)
    print("us late, median", late[count // 2] * 1e6)
    print("us late, of 99 %", late[count * 99 // 100] * 1e6)


async def idle(count):
    await asyncio.sleep(0.1)
    before = resident()
    tasks = [asyncio.create_task(asyncio.sleep(3600)) for _ in range(count)]
    await asyncio.sleep(0.1)
    print("bytes", (resident() - before) / count, flush=True)
    del tasks
    # To cancel so many takes time, and nobody measures it.
    leave()


def leave():
    sys.stdout.flush()
    os._exit(0)


def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize()


class Echo(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.transport.write(data)


async def echo():
    server = await asyncio.get_running_loop().create_server(Echo, "127.0.0.1", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    threading.Thread(target=answer, daemon=True).start()
    await server.serve_forever()


def answer():
    for _ in sys.stdin:
        print(time.process_time_ns(), flush=True)
    leave()


WORK = {
    "spawn": spawn,
    "spawn-one": spawn_one,
    "yield": lambda count: yields(1, count),
    "yield-1000": lambda count: yields(1000, count),
    "ping-pong": ping_pong,
    "call-soon": call_soon,
    "timers": timers,
    "sleepers": sleepers,
    "idle": idle,
    "echo": echo,
}


def main():
    signal.alarm(LIFE)
    work, name, *count = sys.argv[1:]
    if name == "uvloop":
        import uvloop

        asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    asyncio.run(WORK[work](*map(int, count)))


main()
