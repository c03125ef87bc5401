-- Who is here: a lease per connection, by Redis's clock, and no counter that could go wrong. A lease
-- ends when it is dropped, or swept after its time; until then it counts.
-- KEYS  leases   sorted set  user/sid -> when it ends, in ms
--       states   hash        user/sid -> active | away
--       index    sorted set  user/sid, all of one score: somebody's connections are a range
--       people   hash        user -> active | away: what was last reported
--       sweeps   hash        at -> the last sweep; from -> when sweeping may begin; in ms
-- ARGV  verb, then
--       touch    lease in ms; user, sid, state; user, sid, state …
--       drop     user, sid; user, sid …
--       sweep    gap in ms, grace in ms, at most
--       read
-- Returns how many leases there are (read: 1 if who is missing is really gone), then user, state,
-- user, state … of everybody whose presence changed (read: of everybody)

local leases, states, index, people, sweeps = unpack(KEYS)
local time = redis.call("TIME")
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local concerned, seen = {}, {}

local function concern(user)
  if not seen[user] then
    seen[user] = true
    concerned[#concerned + 1] = user
  end
end

local function forget(connection)
  redis.call("ZREM", leases, connection)
  redis.call("ZREM", index, connection)
  redis.call("HDEL", states, connection)
end

local function merged(user)
  -- "0" is the character after "/"
  local range = redis.call("ZRANGE", index, "[" .. user .. "/", "(" .. user .. "0", "BYLEX")
  for _, connection in ipairs(range) do
    if redis.call("HGET", states, connection) == "active" then
      return "active"
    end
  end
  return #range > 0 and "away" or "offline"
end

local function report()
  local answer = { redis.call("ZCARD", leases) }
  for _, user in ipairs(concerned) do
    local before, state = redis.call("HGET", people, user) or "offline", merged(user)
    if state ~= before then
      if state == "offline" then
        redis.call("HDEL", people, user)
      else
        redis.call("HSET", people, user, state)
      end
      answer[#answer + 1] = user
      answer[#answer + 1] = state
    end
  end
  return answer
end

local verbs = {}

function verbs.touch()
  for i = 3, #ARGV, 3 do
    local user, state = ARGV[i], ARGV[i + 2]
    local connection = user .. "/" .. ARGV[i + 1]
    if redis.call("ZADD", leases, now + ARGV[2], connection) == 1 then
      redis.call("ZADD", index, 0, connection)
    end
    if redis.call("HGET", states, connection) ~= state then
      redis.call("HSET", states, connection, state)
      concern(user)
    end
  end
  return report()
end

function verbs.drop()
  for i = 2, #ARGV, 2 do
    forget(ARGV[i] .. "/" .. ARGV[i + 1])
    concern(ARGV[i])
  end
  return report()
end

function verbs.sweep()
  -- After a pause (Redis away, or every sweeper) the workers get time to renew before anybody is
  -- called gone: their leases could not be renewed either.
  local last = tonumber(redis.call("HGET", sweeps, "at") or 0)
  if now - last > tonumber(ARGV[2]) then
    redis.call("HSET", sweeps, "from", now + ARGV[3])
  end
  redis.call("HSET", sweeps, "at", now)
  if now >= tonumber(redis.call("HGET", sweeps, "from")) then
    for _, connection in ipairs(redis.call("ZRANGE", leases, 0, now, "BYSCORE", "LIMIT", 0, ARGV[4])) do
      forget(connection)
      concern(string.match(connection, "^(.*)/"))
    end
  end
  local answer = report()
  if answer[1] == 0 then
    redis.call("DEL", sweeps)
  end
  return answer
end

function verbs.read()
  local from = tonumber(redis.call("HGET", sweeps, "from") or now + 1)
  local answer = redis.call("HGETALL", people)
  table.insert(answer, 1, now >= from and 1 or 0)
  return answer
end

return verbs[ARGV[1]]()
