-- Leases pages: new ones, and then those whose leases are over.
-- KEYS: known, open.  ARGV: group, worker, count, lease in milliseconds.
local known, open = unpack(KEYS)
local group, worker, count, lease = unpack(ARGV)
local pages = {}
local function lease_out(entries)
    for _, entry in ipairs(entries) do
        pages[#pages + 1] = entry[1]
        pages[#pages + 1] = entry[2][2]
    end
end
local left = tonumber(count)
if left > 0 then
    local new = redis.call('XREADGROUP', 'GROUP', group, worker, 'COUNT', count, 'STREAMS', open, '>')
    if new then
        lease_out(new[1][2])
    end
    left = left - #pages / 2
end
if left > 0 then
    lease_out(redis.call('XAUTOCLAIM', open, group, worker, lease, '0-0', 'COUNT', left)[2])
end
return { redis.call('SCARD', known), redis.call('XLEN', open), pages }
