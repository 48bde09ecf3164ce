import asyncio

import pytest

from artifix.serving.refusal import Refusal
from artifix.web.kept import Kept, KeptUpload


def test_one_timer_is_enough_and_each_upload_has_its_time():
    async def scene():
        loop, timers = asyncio.get_running_loop(), []
        call_later = loop.call_later
        loop.call_later = lambda seconds, *call: timers.append(seconds) or call_later(seconds, *call)
        kept = Kept(1000, 0.3)
        first = kept.put(KeptUpload(b"first", "a.jpg"))
        for _ in range(50):
            kept.get(first)
        assert len(timers) == 1
        await asyncio.sleep(0.2)
        second = kept.put(KeptUpload(b"second", "b.jpg"))
        await asyncio.sleep(0.2)
        with pytest.raises(Refusal, match="no such upload any more"):
            kept.get(first)
        assert kept.get(second).content == b"second"
        await asyncio.sleep(0.5)
        with pytest.raises(Refusal):
            kept.get(second)

    asyncio.run(scene())
