-- A tenant's money of this month: what the record said when somebody last looked, and what was reserved
-- and spent since. Figures of another life of Redis, which may have lost some, or of another month count
-- as none: then nothing is reserved before they are rebuilt.
-- KEYS  money      hash    life -> "<replication id of the server> <month>"
--                          spent:<scope>, held:<scope> -> millionths; scope: workspace, person:<id>, room:<id>
--       holds      hash    run id -> "<month> <millionths> <since> <person> <room>"; since in ms, by Redis's clock
--       rebuilder  string  there while somebody reads the record, to rebuild the figures
-- ARGV  month, verb, then
--       reserve  run; its month, millionths, person, room; what workspace, person and room may spend, "" for no limit
--                ok | {over, scope, left}; a run that holds something already holds the new amount, or none
--       settle   run, spent, its hold as it was seen or "" for whatever it is;  1, or 0 when it holds nothing
--       read     person, room                     what is spent and held of workspace, person and room
--       holds                                     run, hold, run, hold …
--       begin    a name                           the name to rebuild under, or "" when there is no need
--       build    that name; how many figures; scope, spent … ; run, hold …        1, or 0: begin again
-- Returns that, or "unbuilt".

local money, holds, rebuilder = unpack(KEYS)
local month, verb = ARGV[1], ARGV[2]
local life = string.match(redis.call("INFO", "replication"), "master_replid:(%x+)") .. " " .. month

local function is_built()
  return redis.call("HGET", money, "life") == life
end

local function figure(kind, scope)
  return tonumber(redis.call("HGET", money, kind .. ":" .. scope) or 0)
end

local function scopes(person, room)
  return { "workspace", "person:" .. person, "room:" .. room }
end

local function parts(hold)
  return string.match(hold, "^(%S+) (%d+) %d+ (%S+) (%S+)$")
end

local function keep(run, hold)
  local _, amount, person, room = parts(hold)
  redis.call("HSET", holds, run, hold)
  for _, scope in ipairs(scopes(person, room)) do
    redis.call("HINCRBY", money, "held:" .. scope, amount)
  end
end

local function release(run, hold)
  local _, amount, person, room = parts(hold)
  redis.call("HDEL", holds, run)
  for _, scope in ipairs(scopes(person, room)) do
    if redis.call("HINCRBY", money, "held:" .. scope, "-" .. amount) == 0 then
      redis.call("HDEL", money, "held:" .. scope)
    end
  end
end

local verbs = {}

function verbs.reserve(run, hold_month, amount, person, room, ...)
  if not is_built() then
    return { "unbuilt" }
  end
  local before = redis.call("HGET", holds, run)
  if before then
    release(run, before)
  end
  local limits = { ... }
  for i, scope in ipairs(scopes(person, room)) do
    if limits[i] ~= "" then
      local left = tonumber(limits[i]) - figure("spent", scope) - figure("held", scope)
      if tonumber(amount) > left then
        return { "over", i, string.format("%.0f", left) }
      end
    end
  end
  local time = redis.call("TIME")
  local since = string.format("%.0f", time[1] * 1000 + math.floor(time[2] / 1000))
  keep(run, table.concat({ hold_month, amount, since, person, room }, " "))
  return { "ok" }
end

function verbs.settle(run, spent, seen)
  local hold = redis.call("HGET", holds, run)
  if not hold or (seen ~= "" and seen ~= hold) then
    return 0
  end
  release(run, hold)
  local hold_month, _, person, room = parts(hold)
  local built = redis.call("HGET", money, "life")
  if spent ~= "0" and built and string.match(built, " (.+)$") == hold_month then
    for _, scope in ipairs(scopes(person, room)) do
      redis.call("HINCRBY", money, "spent:" .. scope, spent)
    end
  end
  return 1
end

function verbs.read(person, room)
  if not is_built() then
    return { "unbuilt" }
  end
  local answer = { "ok" }
  for _, scope in ipairs(scopes(person, room)) do
    answer[#answer + 1] = string.format("%.0f", figure("spent", scope) + figure("held", scope))
  end
  return answer
end

function verbs.holds()
  return redis.call("HGETALL", holds)
end

function verbs.begin(name)
  if is_built() then
    return ""
  end
  redis.call("SET", rebuilder, name, "NX")
  return redis.call("GET", rebuilder)
end

function verbs.build(name, figures)
  if redis.call("GET", rebuilder) ~= name then
    return 0
  end
  redis.call("DEL", money, holds, rebuilder)
  redis.call("HSET", money, "life", life)
  local last = 4 + 2 * tonumber(figures)
  for i = 5, last, 2 do
    redis.call("HSET", money, "spent:" .. ARGV[i], ARGV[i + 1])
  end
  for i = last + 1, #ARGV, 2 do
    keep(ARGV[i], ARGV[i + 1])
  end
  return 1
end

-- What build is given may be more than can be unpacked; it reads ARGV itself.
return verbs[verb](unpack(ARGV, 3, math.min(#ARGV, 10)))
