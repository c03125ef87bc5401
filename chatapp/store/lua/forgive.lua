-- Count attempts as failed no longer, because one of them succeeded.
-- KEYS  hash: see attempt.lua
-- ARGV  how many to forgive at most
-- Returns how many were forgiven

-- The wait goes in any case: while there is one no attempt is let through, so it is of the one that succeeded.

local count = tonumber(redis.call("HGET", KEYS[1], "count") or 0)
local forgiven = math.min(count, tonumber(ARGV[1]))
if forgiven == count then
  redis.call("DEL", KEYS[1])
else
  redis.call("HINCRBY", KEYS[1], "count", -forgiven)
  redis.call("HDEL", KEYS[1], "until")
end
return forgiven
