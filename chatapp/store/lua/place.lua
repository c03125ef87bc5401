-- The places of a person's open questions. One is taken before the question is said, so that of two at the same
-- moment only one gets the last.
-- KEYS  1 places  sorted set  "question attempt" -> since when, in ms
-- ARGV  1 the one that wants a place  2 how many there are  3 ms after which the record has what was said
--       4… those that need theirs no more
-- Returns {"ok"}, also to whoever has one already, or {"full", those that the record must have by now …}

local clock = redis.call("TIME")
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)

if #ARGV > 3 then
  redis.call("ZREM", KEYS[1], unpack(ARGV, 4))
end
local held = redis.call("ZSCORE", KEYS[1], ARGV[1])
if not held and redis.call("ZCARD", KEYS[1]) >= tonumber(ARGV[2]) then
  return { "full", unpack(redis.call("ZRANGEBYSCORE", KEYS[1], "-inf", now - ARGV[3], "LIMIT", 0, 1000)) }
end
redis.call("ZADD", KEYS[1], "NX", now, ARGV[1])
redis.call("EXPIRE", KEYS[1], 86400)
return { "ok" }
