-- Throw away the events of a room that are old and that the record holds.
-- KEYS  1 head  2 room log
-- ARGV  1 what is older than this goes (ISO 8601)  2 how many at most
-- Returns the time of the oldest event left, or "" when none is

local applied = tonumber(redis.call("HGET", KEYS[1], "applied") or 0)
local most = tonumber(ARGV[2])
local last
for i, entry in ipairs(redis.call("XRANGE", KEYS[2], "-", "+", "COUNT", most + 1)) do
  local seq = tonumber(string.match(entry[1], "^%d+"))
  local at = string.match(entry[2][2], '"at":"([^"]+)"')
  if i > most or seq > applied or at >= ARGV[1] then
    redis.call("XTRIM", KEYS[2], "MINID", entry[1])
    return at
  end
  last = seq
end
if last then
  -- Emptied, not deleted: the stream goes on refusing numbers that were used.
  redis.call("XTRIM", KEYS[2], "MINID", string.format("%d-0", last + 1))
end
return ""
