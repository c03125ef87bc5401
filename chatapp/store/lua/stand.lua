-- Where a room stands, for one of its members.
-- KEYS  1 head  2 shard life  3 members
-- ARGV  1 user, or "" for nobody in particular  2 whether to name the members (1 or 0)
-- Returns {"ok", epoch, seq, applied, members or nothing}, or cold or stranger

local head = redis.call("HMGET", KEYS[1], "epoch", "seq", "applied", "life")
if not head[1] or (head[4] or "") ~= (redis.call("GET", KEYS[2]) or "") then
  return { "cold" }
end
if ARGV[1] ~= "" and redis.call("SISMEMBER", KEYS[3], ARGV[1]) == 0 then
  return { "stranger" }
end
local members = ARGV[2] == "1" and redis.call("SMEMBERS", KEYS[3]) or nil
return { "ok", head[1], tonumber(head[2]), tonumber(head[3]), members }
