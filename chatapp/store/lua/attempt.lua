-- Count an attempt as failed, unless its author has to wait.
-- KEYS  hash: count -> attempts that failed, until -> when the next is allowed, in ms
-- ARGV  how many are free; the first and the longest wait, in ms
-- Returns how long to wait, in ms; 0: go on

local time = redis.call("TIME")
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local free, first, longest = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])

local wait = tonumber(redis.call("HGET", KEYS[1], "until") or 0) - now
if wait > 0 then
  return wait
end
local count = redis.call("HINCRBY", KEYS[1], "count", 1)
if count >= free then
  wait = math.min(first * 2 ^ (count - free), longest)
  redis.call("HSET", KEYS[1], "until", now + wait)
end
redis.call("PEXPIRE", KEYS[1], longest * 24)
return 0
