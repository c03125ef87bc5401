"""How the chat is run: `local` on this machine, the rest where other people run it."""
