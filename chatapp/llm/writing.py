"""An answer on its way to the screens: at most fifteen pieces a second, each kept before it is told."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic, sleep

from chatapp import text
from chatapp.errors import Busy
from chatapp.llm import context
from chatapp.llm.prompt import LIBRARIAN, Piece, Prompt, Usage

TICK = 1 / 15  # seconds between two pieces, at least
_RENEW = 0.4  # seconds until there is something to keep, if only the lease


class _Counted:
    """What a request used: as the provider says; where it did not come to that, about; nothing for
    nothing, unless it was stopped: then the provider has read the question, and may have counted it
    alone.
    """

    def __init__(self) -> None:
        self.stopped = False
        self._usage: Usage | None = None
        self._uncounted = ""  # what came after that

    def take(self, item: Piece | Usage | None) -> None:
        if isinstance(item, Piece):
            self._uncounted += item.text
        elif isinstance(item, Usage):
            self._usage, self._uncounted = item, ""

    def used(self, prompt: Prompt) -> Usage:
        if self._usage is None and not self._uncounted and not self.stopped:
            return Usage(0, 0)
        asked, written = self._usage or Usage(context.about_tokens(prompt), 0)
        return Usage(asked, written + (context.tokens(self._uncounted) if self._uncounted else 0))


class Writing:
    """`keep(offset, piece)` keeps it and says whether somebody wants it to stop; `tell` is called
    after it. While keeping raises Busy, what is to be kept waits, but not longer than `patience`.
    """

    def __init__(
        self,
        *,
        keep: Callable[[int, str], bool],
        tell: Callable[[int, str], None],
        patience: float,
    ) -> None:
        self.text = ""
        self.stopped = False
        self.first: float | None = None  # seconds until anything was written
        self._keep, self._tell, self._patience = keep, tell, patience
        self._unsaid = ""
        self._answer = _Counted()
        self._before: tuple[_Counted, Prompt] | None = None
        self._began = monotonic()
        self._said_at = self._began - _RENEW  # neither does the first look whether to stop

    @property
    def length(self) -> int:
        return len(self.text) + len(self._unsaid)

    def take(self, item: Piece | Usage | None) -> None:
        """What the model said, or nothing; either way this is the time to see to the lease."""
        self._answer.take(item)
        if isinstance(item, Piece):
            self._unsaid += text.keepable(item.text)
        waited = monotonic() - self._said_at
        due = self.first is None or waited > TICK  # the first piece does not wait
        if waited > _RENEW or (self._unsaid and due):
            self.say()
        self._answer.stopped = self.stopped

    def rest(self, item: Piece | Usage | None, request: Prompt) -> None:
        """What a model said to another request, not for the screens: it costs all the same."""
        if self._before is None:
            self._before = (_Counted(), request)
        self._before[0].take(item)
        if monotonic() - self._said_at > _RENEW:
            self.say()
        self._before[0].stopped = self.stopped

    def say(self) -> None:
        """Keep what is there, then tell it. Raises Busy, and whatever else keeping it raises."""
        now = monotonic()
        try:
            self.stopped = self._keep(len(self.text), self._unsaid)
        except Busy:
            if now - self._said_at > self._patience:
                raise
            return
        if self._unsaid:
            self.first = self.first or now - self._began
            self._tell(len(self.text), self._unsaid)
        self.text, self._unsaid = self.text + self._unsaid, ""
        self._said_at = now

    def end(self) -> None:
        """As say, and again until nothing is left: after the last word nobody comes to keep the rest."""
        self.say()
        while self._unsaid:
            sleep(_RENEW)
            self.say()

    def used(self, prompt: Prompt) -> Usage:
        """By the answer, and by the request before it."""
        if prompt.provider == LIBRARIAN:
            return Usage(0, 0)
        asked, written = self._answer.used(prompt)
        if self._before is not None:
            counted, request = self._before
            before = counted.used(request)
            return Usage(asked + before.input_tokens, written + before.output_tokens)
        return Usage(asked, written)
