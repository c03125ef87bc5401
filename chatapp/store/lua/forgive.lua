-- Count attempts as failed no longer, because one of them succeeded.
-- KEYS  hash: see attempt.lua
-- ARGV  how many are free; how many to forgive at most
-- Returns how many were forgiven

local count = tonumber(redis.call("HGET", KEYS[1], "count") or 0)
local forgiven = math.min(count, tonumber(ARGV[2]))
if forgiven == count then
  redis.call("DEL", KEYS[1])
elseif redis.call("HINCRBY", KEYS[1], "count", -forgiven) < tonumber(ARGV[1]) then
  redis.call("HDEL", KEYS[1], "until")
end
return forgiven
