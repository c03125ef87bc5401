-- An answer as it grows, under a lease on its room: one writer, whose every step renews the lease and tells it
-- whether somebody wants it to stop.
-- KEYS  1 lease     string   the writer's token
--       2 standing  hash     by -> the token that writes this run; length, in code points; asked, in tokens;
--                            cancelled; ended
--       3 pieces    stream   o -> offset, t -> text
-- ARGV  1 verb  2 token  3 lease in ms  4 seconds to keep the pieces, then
--       begin     from now on this token writes the run; nobody else does any more
--       asked     5 how many tokens the provider was given
--       grow      5 text or ""  6 its length  7 the offset it begins at: what is there already is not added again
--       cancel    somebody wants it to stop: {"ok", begun (1 or 0), 1}
--       finish    it has ended, whoever says so: nothing can be added any more
-- Returns {"ok", length, cancelled (1 or 0)}, {"lost"} when it is somebody else's, or {"ended"}

local lease, standing, pieces = unpack(KEYS)
local verb, token = ARGV[1], ARGV[2]

local function answer()
  local found = redis.call("HMGET", standing, "length", "cancelled")
  return { "ok", tonumber(found[1] or 0), found[2] and 1 or 0 }
end

local function keep()
  redis.call("EXPIRE", standing, ARGV[4])
  redis.call("EXPIRE", pieces, ARGV[4])
end

if redis.call("HEXISTS", standing, "ended") == 1 then
  return { "ended" }
end

if verb == "cancel" then
  redis.call("HSET", standing, "cancelled", "1")
  keep()
  return { "ok", redis.call("HEXISTS", standing, "by"), 1 }
end

if verb == "finish" then
  redis.call("HSET", standing, "ended", "1")
  keep()
  return answer()
end

-- An expired lease that nobody took is still ours: Redis was away, or we were.
local holder = redis.call("GET", lease)
if holder and holder ~= token then
  return { "lost" }
end
if verb == "begin" then
  redis.call("HSET", standing, "by", token)
elseif redis.call("HGET", standing, "by") ~= token then
  return { "lost" }
end
redis.call("SET", lease, token, "PX", ARGV[3])

if verb == "grow" and ARGV[5] ~= "" then
  if tonumber(redis.call("HGET", standing, "length") or 0) == tonumber(ARGV[7]) then
    redis.call("XADD", pieces, "*", "o", ARGV[7], "t", ARGV[5])
    redis.call("HINCRBY", standing, "length", ARGV[6])
  end
elseif verb == "asked" then
  redis.call("HSET", standing, "asked", ARGV[5])
end
keep()
return answer()
