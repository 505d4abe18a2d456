"""Runs programs on asyncio and prints their traces.

Reads one program a line (JSON, as `program.rs` writes it), prints the lines of its trace, and
then a line `--`. Time is virtual and counted in microseconds, by the rules of the runtime's
virtual clock: a turn that runs something costs one, and when nothing is ready the clock jumps
to the next timer. asyncio leaves the order of equal deadlines open; here it is the order in
which the timers were set, so their count is the fraction of a deadline.

A Python before 3.13 gets the one rule of that version that matters here: with the last request
that is taken back, one that was not delivered yet is forgotten.
"""

import asyncio
import collections.abc
import json
import sys
import warnings

MAX_CALLS, MAX_TASKS, PROMISES = 20, 6, 3
AGES = 1 << 20


class Idle(Exception):
    """Nothing can ever happen any more."""


class Selector:
    """Has no sources. Instead of waiting, it moves the clock."""

    def __init__(self, loop):
        self.loop = loop

    def select(self, timeout):
        if timeout is None:
            raise Idle
        if timeout > 0:
            self.loop.now = max(self.loop.now, int(self.loop._scheduled[0]._when))
        return []

    def close(self):
        pass


class Task(asyncio.tasks._PyTask):
    """A task with the `uncancel` of 3.13."""

    def uncancel(self):
        left = super().uncancel()
        if left == 0:
            self._must_cancel = False
        return left


class VirtualLoop(asyncio.base_events.BaseEventLoop):
    def __init__(self):
        super().__init__()
        self.now = self.age = 0
        self._clock_resolution = 0.5
        self._selector = Selector(self)
        if sys.version_info < (3, 13):
            self.set_task_factory(lambda loop, body, **options: Task(body, loop=loop, **options))

    def time(self):
        return self.now

    def call_at(self, when, callback, *args, context=None):
        self.age += 1
        return super().call_at(when + self.age / AGES, callback, *args, context=context)

    def _process_events(self, events):
        first = self._scheduled[0]._when if self._scheduled else None
        due = first is not None and first < self.now + 1
        self.busy = due or bool(self._ready)

    def _run_once(self):
        super()._run_once()
        self.now += self.busy


class Body(collections.abc.Coroutine):
    """A coroutine that says when it ends, even if it never ran."""

    def __init__(self, coroutine, end):
        self.coroutine, self.end = coroutine, end

    def send(self, value):
        return self._go(self.coroutine.send, value)

    def throw(self, *error):
        return self._go(self.coroutine.throw, *error)

    def _go(self, resume, *values):
        try:
            return resume(*values)
        except BaseException:
            self.end()
            raise

    def close(self):
        self.coroutine.close()

    def __await__(self):
        raise NotImplementedError


class World:
    def __init__(self, program):
        self.program = program
        self.lines = []
        self.loop = VirtualLoop()
        self.promises = [self.loop.create_future() for _ in range(PROMISES)]
        self.tasks, self.handles, self.watches, self.calls = [], [], [], 0

    def say(self, who, what, result=""):
        self.lines.append(f"{self.loop.now} {who}: {what} {result}")

    def run(self):
        for setup in self.program["setups"]:
            for op in setup:
                self.perform("main", op)
            try:
                self.loop.run_forever()
                self.say("loop", "stopped")
            except Idle:
                self.say("loop", "idle")
            self.loop._stopping = False
        for number, promise in enumerate(self.promises):
            self.say("promise", number, self.state(promise))
        for number, task in enumerate(self.tasks):
            self.say("task", number, f"{self.state(task)}, cancelling {task.cancelling()}")
        return self.lines

    @staticmethod
    def state(future):
        if not future.done():
            return "Pending"
        return "Cancelled" if future.cancelled() else f"Value({future.result()})"

    def make(self, body):
        """A callback, unless there were too many."""
        if self.calls == MAX_CALLS:
            return None, None
        number, self.calls = self.calls, self.calls + 1

        def call(*_):
            self.say(f"call {number}", "runs")
            for op in self.program["calls"][body]:
                self.perform(f"call {number}", op)

        return number, call

    def perform(self, who, op):
        result = self.do(*op)
        if isinstance(result, bool):
            result = str(result).lower()
        self.say(who, op[0], "" if result is None else result)

    def do(self, name, *arguments):
        return getattr(self, "do_" + name.replace("-", "_"))(*arguments)

    def schedule(self, body, schedule):
        number, call = self.make(body)
        if call:
            self.handles.append(schedule(call))
        return number

    def do_soon(self, body):
        return self.schedule(body, self.loop.call_soon)

    def do_later(self, delay, body):
        return self.schedule(body, lambda call: self.loop.call_later(delay, call))

    def do_at(self, when, body):
        return self.schedule(body, lambda call: self.loop.call_at(when, call))

    def do_cancel_handle(self, which):
        if self.handles:
            self.handles[which % len(self.handles)].cancel()
            return "done"

    def do_stop(self):
        self.loop.stop()
        return "done"

    def do_set(self, promise):
        try:
            self.promises[promise].set_result(len(self.lines))
            return True
        except asyncio.InvalidStateError:
            return False

    def do_cancel_promise(self, promise):
        return self.promises[promise].cancel()

    def watch(self, future, body):
        number, call = self.make(body)
        if call:
            future.add_done_callback(call)
            self.watches.append((future, call))
        return number

    def do_watch(self, promise, body):
        return self.watch(self.promises[promise], body)

    def do_watch_task(self, which, body):
        if self.tasks:
            return self.watch(self.tasks[which % len(self.tasks)], body)

    def do_unwatch(self, which):
        if self.watches:
            future, call = self.watches[which % len(self.watches)]
            return future.remove_done_callback(call) > 0

    def do_spawn(self, body):
        if len(self.tasks) == MAX_TASKS:
            return None
        number = len(self.tasks)
        body = Body(self.run_body(number, body), lambda: self.say(f"task {number}", "ends"))
        self.tasks.append(self.loop.create_task(body))
        return number

    def do_cancel(self, which):
        if self.tasks:
            return self.tasks[which % len(self.tasks)].cancel()

    def do_uncancel(self, which):
        if self.tasks:
            return self.tasks[which % len(self.tasks)].uncancel()

    async def run_body(self, number, body):
        await self.run_all(number, self.program["tasks"][body])
        return number

    async def run_all(self, number, ops):
        for op in ops:
            await self.run_one(number, *op)

    async def run_one(self, number, name, *arguments):
        who = f"task {number}"
        if name == "yield":
            await asyncio.sleep(0)
        elif name == "sleep":
            await asyncio.sleep(arguments[0])
            if arguments[0] > 0:
                self.say(who, "got", 0)
        elif name == "await-promise":
            self.say(who, "got", await self.promises[arguments[0]])
        elif name == "await-task":
            younger = self.program["awaits_younger"]
            others = self.tasks[number + 1:] if younger else self.tasks[:number]
            if others:
                self.say(who, "got", await others[arguments[0] % len(others)])
        elif name == "catch":
            await self.catch(number, *arguments)
        elif name == "timeout":
            await self.timeout(number, *arguments)
        elif name == "cancel-self":
            self.perform(who, ["cancel", number])
        else:
            self.perform(who, [name, *arguments])

    async def catch(self, number, body, cleanup, lets_go_on):
        try:
            await self.run_all(number, body)
        except asyncio.CancelledError:
            self.say(f"task {number}", "caught")
            await self.run_all(number, cleanup)
            if lets_go_on:
                raise

    async def timeout(self, number, time, body):
        try:
            async with asyncio.timeout(time):
                await self.run_all(number, body)
            self.say(f"task {number}", "timeout", "in time")
        except TimeoutError:
            self.say(f"task {number}", "timeout", "timed out")


def main():
    # Programs leave tasks behind that never end, and cancel some that never began.
    warnings.simplefilter("ignore")
    sys.unraisablehook = lambda _: None
    for line in sys.stdin:
        world = World(json.loads(line))
        world.loop.set_exception_handler(lambda *_: None)
        for said in world.run():
            print(said)
        print("--")


main()
