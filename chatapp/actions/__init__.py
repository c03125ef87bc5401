"""What can be done: module = noun, function = verb, caller first."""
