-- Where a room stands, for one of its members.
-- KEYS  1 head  2 shard life  3 members
-- ARGV  1 user, or "" for nobody in particular
-- Returns {"ok", epoch, seq, applied}, or cold or stranger

local head = redis.call("HMGET", KEYS[1], "epoch", "seq", "applied", "life")
if not head[1] or (head[4] or "") ~= (redis.call("GET", KEYS[2]) or "") then
  return { "cold" }
end
if ARGV[1] ~= "" and redis.call("SISMEMBER", KEYS[3], ARGV[1]) == 0 then
  return { "stranger" }
end
return { "ok", head[1], tonumber(head[2]), tonumber(head[3]) }
