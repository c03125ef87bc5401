-- Move somebody's read marker forward, never back, and never past the room's newest event.
-- KEYS  1 head  2 shard life  3 members  4 reads  5 reads the record lacks
-- ARGV  1 user  2 seq  3 the marker's name in the last set
-- Returns {"ok", marker}, or cold or stranger

local head = redis.call("HMGET", KEYS[1], "epoch", "seq", "life")
if not head[1] or (head[3] or "") ~= (redis.call("GET", KEYS[2]) or "") then
  return { "cold" }
end
if redis.call("SISMEMBER", KEYS[3], ARGV[1]) == 0 then
  return { "stranger" }
end
local held = tonumber(redis.call("HGET", KEYS[4], ARGV[1]) or 0)
local wanted = math.min(tonumber(ARGV[2]), tonumber(head[2]))
if wanted > held then
  held = wanted
  redis.call("HSET", KEYS[4], ARGV[1], held)
  redis.call("SADD", KEYS[5], ARGV[3])
end
return { "ok", held }
