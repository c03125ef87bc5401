-- Give an event its place in its room, once: into the room log for those who return, into the shard log
-- for the screens and the record.
-- KEYS  1 head  2 room log  3 shard log  4 shard life  5 members  6 revisions  7 sent marker
--       8-10 limits of the author, the room, the workspace  11 shard run
-- ARGV  1 tenant  2 room  3-5 the event's JSON around epoch+seq, time
--       6 actor, who must be a member, or ""
--       7 client id given (1 or 0)  8 its time in ms, 0 when unknown  9 record asked (1 or 0)  10 seconds to remember it
--       11 member to add, or ""  12 member to drop, or ""
--       13 message id to revise, or ""  14 revision expected  15 revision in the record
--       16 archives the room (1 or 0)  17-19 limits a minute, 0 for none
--       20 removes the message it revises (1 or 0)
-- Returns {"ok", json}, {"seen", json or "", seq}, or one of restarted, cold, stranger, archived, unsure,
--         conflict, {"too_fast", ms}

-- A Redis that was started again may have less than it had, and would give the same numbers again.
-- Its replication id tells it as well as its run_id, and costs a third.
local run = redis.call("GET", KEYS[11])
if not run or not string.find(redis.call("INFO", "replication"), "master_replid:" .. run, 1, true) then
  return { "restarted" }
end

local head = redis.call("HMGET", KEYS[1], "epoch", "seq", "began", "life", "archived", "lost")
if not head[1] or (head[4] or "") ~= (redis.call("GET", KEYS[4]) or "") then
  return { "cold" }
end
if ARGV[6] ~= "" and redis.call("SISMEMBER", KEYS[5], ARGV[6]) == 0 then
  return { "stranger" }
end

local clock = redis.call("TIME")
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)

if ARGV[7] == "1" then
  local seq = redis.call("GET", KEYS[7])
  if seq then
    local entry = redis.call("XRANGE", KEYS[2], seq .. "-0", seq .. "-0")
    return { "seen", entry[1] and entry[1][2][2] or "", tonumber(seq) }
  end
  -- Not remembered means never sent, unless it was made before this life of the log began and there was another,
  -- or longer ago than we remember. Clocks may be a quarter of an hour apart.
  local began, remember, apart = tonumber(head[3]), ARGV[10] * 1000, 900000
  local from = head[6] == "1" and began + apart or 0
  if now - began > remember - apart then
    from = math.max(from, now - remember + apart)
  end
  if ARGV[9] == "0" and tonumber(ARGV[8]) < from then
    return { "unsure" }
  end
end
if head[5] == "1" and ARGV[12] == "" then -- but one may still leave
  return { "archived" }
end

for i = 1, 3 do
  local most = tonumber(ARGV[16 + i])
  if most > 0 then
    local count = redis.call("INCR", KEYS[7 + i])
    if count == 1 then
      redis.call("PEXPIRE", KEYS[7 + i], 60000)
    elseif count > most then
      return { "too_fast", redis.call("PTTL", KEYS[7 + i]) }
    end
  end
end

if ARGV[13] ~= "" then
  local current = redis.call("HGET", KEYS[6], ARGV[13]) or ARGV[15]
  if tonumber(current) ~= tonumber(ARGV[14]) then
    return { "conflict" }
  end
  -- Below zero once it is removed: no revision that anybody may guess.
  redis.call("HSET", KEYS[6], ARGV[13], (ARGV[14] + 1) * (ARGV[20] == "1" and -1 or 1))
  redis.call("EXPIRE", KEYS[6], 86400)
end
if ARGV[11] ~= "" then
  redis.call("SADD", KEYS[5], ARGV[11])
end
if ARGV[12] ~= "" then
  redis.call("SREM", KEYS[5], ARGV[12])
end
if ARGV[16] == "1" then
  redis.call("HSET", KEYS[1], "archived", "1")
end

-- The date of a day number, by Hinnant's civil_from_days; Redis's Lua has no calendar.
local function iso(seconds, ms)
  local days = math.floor(seconds / 86400) + 719468
  local era = math.floor(days / 146097)
  local doe = days - era * 146097
  local yoe = math.floor((doe - math.floor(doe / 1460) + math.floor(doe / 36524) - math.floor(doe / 146096)) / 365)
  local doy = doe - (365 * yoe + math.floor(yoe / 4) - math.floor(yoe / 100))
  local mp = math.floor((5 * doy + 2) / 153)
  local day = doy - math.floor((153 * mp + 2) / 5) + 1
  local month = mp < 10 and mp + 3 or mp - 9
  local year = yoe + era * 400 + (month <= 2 and 1 or 0)
  local rest = seconds % 86400
  return string.format("%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", year, month, day,
    math.floor(rest / 3600), math.floor(rest % 3600 / 60), rest % 60, ms)
end

local seq = redis.call("HINCRBY", KEYS[1], "seq", 1)
local event = ARGV[3] .. head[1] .. '","seq":' .. seq .. ARGV[4]
  .. iso(tonumber(clock[1]), math.floor(clock[2] / 1000)) .. ARGV[5]
redis.call("XADD", KEYS[2], seq .. "-0", "e", event)
redis.call("XADD", KEYS[3], "*", "t", ARGV[1], "e", event)
if ARGV[7] == "1" then
  redis.call("SET", KEYS[7], seq, "EX", ARGV[10])
end
return { "ok", event }
