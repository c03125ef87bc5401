-- A lease that is still ours lasts anew from now; one that ended, or is somebody else's, stays as it is.
-- KEYS  1 lease  string  its holder's token
-- ARGV  1 token, 2 how long it lasts, in ms
-- Returns 1 when it is ours, else 0

if redis.call("GET", KEYS[1]) ~= ARGV[1] then
  return 0
end
return redis.call("PEXPIRE", KEYS[1], ARGV[2])
