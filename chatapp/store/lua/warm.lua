-- Bring a room's head back from the record, if nobody did meanwhile.
-- KEYS  1 head  2 room log  3 shard life  4 members
-- ARGV  1 epoch  2 highest seq in the record  3 lost a former life (1 or 0)  4 archived (1 or 0)  5… member ids
-- Returns 1 if this call did it

local life = redis.call("GET", KEYS[3]) or ""
local head = redis.call("HMGET", KEYS[1], "epoch", "life")
if head[1] and (head[2] or "") == life then
  return 0
end

local seq = tonumber(ARGV[2])
local clock = redis.call("TIME")
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
if ARGV[3] == "1" then
  -- Numbers above what we still hold may have been shown to somebody: leave a gap no second of traffic fills.
  local last = redis.call("XREVRANGE", KEYS[2], "+", "-", "COUNT", 1)
  if last[1] then
    seq = math.max(seq, tonumber(string.match(last[1][1], "^%d+")))
  end
  seq = seq + 1000
end
redis.call("DEL", KEYS[1], KEYS[4])
redis.call("HSET", KEYS[1], "epoch", ARGV[1], "seq", seq, "applied", ARGV[2], "began", now,
  "lost", ARGV[3], "life", life, "archived", ARGV[4])
for i = 5, #ARGV do
  redis.call("SADD", KEYS[4], ARGV[i])
end
return 1
