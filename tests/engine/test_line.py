"""A client's line: in order, bounded both ways, and always to an end."""

from __future__ import annotations

import eventlet
import pytest
from eventlet.event import Event

from chatapp.engine import frames
from chatapp.engine.line import Line
from tests.engine.conftest import eventually
from tests.engine.wire import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, frame


class Talk(Line):
    """Remembers; waits at `gate` before each message when there is one."""

    gate = None

    def __init__(self, loop, **limits):
        super().__init__(loop, **{"limit": 100_000, **limits})
        self.heard, self.ends = [], 0

    def hear(self, message):
        if self.gate:
            self.gate.wait()
        if message == "boom":
            raise RuntimeError("boom")
        self.heard.append(message)

    def gone(self):
        self.ends += 1


@pytest.fixture
def talk(here, pair):
    line = Talk(here)
    line.open(pair[0], b"")
    return line


@pytest.fixture
def peer(pair):
    return pair[1]


def say(line, text):
    line.say(frames.text(text.encode()))


def test_what_is_said_in_a_tick_leaves_in_one_send(here, talk, peer):
    before = here.sends
    for word in ("one", "two", "three"):
        say(talk, word)
    assert [peer.hear() for _ in range(3)] == ["one", "two", "three"]
    assert here.sends - before == 1


def test_while_much_goes_on_an_answer_leaves_with_what_follows_it(here, talk, peer):
    eventually(lambda: talk.out is None)  # the handshake has left
    here._busy_until = here.ticks + 1_000
    before = here.sends
    talk.say_soon(frames.text(b"answer"))
    eventlet.sleep(0)
    say(talk, "event")
    assert [peer.hear(), peer.hear()] == ["answer", "event"]
    assert here.sends - before == 1


@pytest.mark.parametrize("busy", [False, True])
def test_an_answer_that_nothing_follows_leaves_all_the_same(here, talk, peer, busy):
    eventually(lambda: talk.out is None)
    here._busy_until = here.ticks + 1_000 * busy
    talk.say_soon(frames.text(b"answer"))
    assert peer.hear() == "answer"
    assert not here._patient


def test_what_is_in_no_hurry_leaves_with_the_next_that_is(here, talk, peer):
    eventually(lambda: talk.out is None)
    before = here.sends
    for word in ("one", "two"):
        here.later.tell([talk], frames.text(word.encode()))
        eventlet.sleep(0)
    say(talk, "three")
    here.later.tell([talk], frames.text(b"four"))
    assert [peer.hear() for _ in range(4)] == ["one", "two", "three", "four"]
    assert here.sends - before == 1


def test_what_is_in_no_hurry_leaves_by_itself_after_a_while(here, talk, peer):
    eventually(lambda: talk.out is None)
    for word in ("one", "two"):
        here.later.tell([talk], frames.text(word.encode()))
    assert [peer.hear(), peer.hear()] == ["one", "two"]
    assert not here.later._waiting


def test_what_is_in_no_hurry_is_said_before_goodbye(here, talk, peer):
    here.later.tell([talk], frames.text(b"one"))
    talk.hang_up()
    assert peer.hear() == "one"
    assert peer.hear_close() == frames.NORMAL


def test_messages_are_heard_in_order_and_one_at_a_time(talk, peer):
    talk.gate = Event()
    for number in range(200):
        peer.say(str(number))
    eventlet.sleep(0.02)
    assert talk.heard == []
    talk.gate.send()
    eventually(lambda: len(talk.heard) == 200)
    assert talk.heard == [str(number) for number in range(200)]


def test_who_says_too_much_at_once_is_not_read_until_it_is_heard(talk, peer):
    talk.gate = Event()
    peer.sock.settimeout(0.3)
    with pytest.raises(TimeoutError):
        for _ in range(1_000):  # 40 MB, more than the sockets hold
            peer.say("x" * 40_000)
    assert talk._held < 1 << 20
    talk.gate.send()
    eventually(lambda: talk._came is None)
    assert talk.is_alive


def test_the_others_have_their_turn_while_somebody_floods(here, talk, peer):
    turns = []
    here.hub.schedule_call_global(0, lambda: turns.append(len(talk.heard)))
    peer.send(b"".join(frame(TEXT, str(n).encode()) for n in range(60)))
    eventually(lambda: talk.heard)
    here.hub.schedule_call_global(0, lambda: turns.append(len(talk.heard)))
    eventually(lambda: len(talk.heard) == 60)
    assert turns[-1] < 60


def test_pings_are_answered_between_fragments_and_while_we_are_busy(talk, peer):
    talk.gate = Event()
    peer.say("wait")
    peer.send(
        frame(TEXT, b"a", final=False) + frame(PING, b"1") + frame(PING, b"2")
        + frame(CONTINUATION, b"b")
    )  # fmt: skip
    assert [peer.frame(), peer.frame()] == [(PONG, b"1"), (PONG, b"2")]
    talk.gate.send()
    eventually(lambda: talk.heard == ["wait", "ab"])


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (frame(TEXT, b"\xff"), 1007),
        (frame(TEXT, b"x", mask=b""), 1002),
        (frame(TEXT, b"", length=100_001), 1009),
        (frame(CLOSE, b"\x0f\xa0"), 4000),
        (frame(CLOSE, b""), 1000),
    ],
)
def test_last_words_come_after_everything_said_before(talk, peer, sent, code):
    peer.send(frame(TEXT, b"first") + sent)
    assert peer.hear_close() == code
    peer.leave()
    eventually(lambda: talk.ends == 1)
    assert talk.heard == ["first"]


def test_what_was_said_before_leaving_is_heard(talk, peer):
    talk.gate = Event()
    peer.say("one")
    peer.say("two")
    peer.leave()
    eventlet.sleep(0.02)
    assert talk.ends == 0
    talk.gate.send()
    eventually(lambda: talk.ends == 1)
    assert talk.heard == ["one", "two"]


def test_hanging_up_says_what_waits_and_then_hears_nothing(talk, peer):
    say(talk, "so long")
    talk.hang_up(1001, "closing")
    say(talk, "never said")
    peer.say("never heard")
    assert peer.frame() == (TEXT, b"so long")
    assert peer.hear_close() == 1001
    eventually(lambda: talk.ends == 1)
    assert talk.heard == []
    talk.hang_up()
    talk.fail()
    eventlet.sleep(0.01)
    assert talk.ends == 1


def test_who_does_not_take_our_last_words_is_let_go_within_a_second(here, talk, peer):
    say(talk, "x" * 8_000_000)
    eventually(lambda: here.backlog > 0)
    talk.hang_up()
    eventually(lambda: talk.sock is None, within=2)
    assert here.backlog == 0


def test_a_slow_reader_gets_everything_in_order(here, talk, peer):
    said = [f"{n}:" + "x" * 50_000 for n in range(100)]
    say(talk, said[0] * 60)  # fills the sockets; one long answer is no sign of a client that sleeps
    eventually(lambda: talk.blocked)
    for word in said[1:15]:
        say(talk, word)
        eventlet.sleep(0)
    assert [peer.hear() for _ in range(15)] == [said[0] * 60, *said[1:15]]
    eventually(lambda: not talk.blocked)
    assert here.backlog == 0
    say(talk, "on we go")
    assert peer.hear() == "on we go"


def test_who_reads_nothing_is_let_go_and_nothing_of_it_stays(here, talk, peer):
    dropped = here.dropped
    say(talk, "x" * 8_000_000)
    for _ in range(30):
        say(talk, "x" * 50_000)
        eventlet.sleep(0)
    eventually(lambda: talk.ends == 1)
    assert here.dropped == dropped + 1
    assert (here.backlog, talk.sock) == (0, None)


def test_a_fault_of_ours_ends_the_line_and_not_the_loop(talk, peer, caplog):
    peer.say("boom")
    eventually(lambda: talk.ends == 1)
    assert "boom" in caplog.text


def test_many_are_told_the_same_bytes(here):
    class Ear:
        out, later, blocked = None, None, True
        said = b""

        def defer(self, data):
            self.said += data

    ears = [Ear() for _ in range(5)]
    here.tell(ears, b"a")
    here.tell(ears[:3], b"b")
    here.speak(ears[2], b"!")
    here.tell(ears, b"c")
    assert ears[0].out is ears[1].out
    assert ears[3].out is ears[4].out
    eventually(lambda: all(ear.said for ear in ears))
    assert [ear.said for ear in ears] == [b"abc", b"abc", b"ab!c", b"ac", b"ac"]


def test_binary_is_heard_as_bytes(talk, peer):
    peer.send(frame(BINARY, b"\x00\xff"))
    eventually(lambda: talk.heard == [b"\x00\xff"])


def test_a_line_is_nothing_without_somebody_who_hears(here):
    class Deaf(Line):
        def gone(self):
            pass

    with pytest.raises(TypeError, match="hear"):
        Deaf(here, limit=100)
