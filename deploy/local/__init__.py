"""Everything a chat needs, on one machine, under one supervisor: what bin/run runs.

`__main__` tells the story; `settings` finds or makes what the processes must know; `checks` refuses
in one sentence; `members` are the processes and `family` starts, restarts and stops them.
"""
