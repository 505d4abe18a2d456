-- Sets for how long a worker's leases have gone on, as far as they are still its own.
-- KEYS: open.  ARGV: group, worker, milliseconds, entry...
local open = KEYS[1]
local group, worker, age = unpack(ARGV, 1, 3)
for i = 4, #ARGV do
    local held = redis.call('XPENDING', open, group, ARGV[i], ARGV[i], 1, worker)
    if #held == 1 then
        redis.call('XCLAIM', open, group, worker, 0, ARGV[i], 'IDLE', age, 'JUSTID')
    end
end
