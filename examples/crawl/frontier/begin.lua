-- Adds the pages that a crawl begins with, and returns all of those; none if there is no crawl.
-- KEYS: known, open, seeds, ended, lost.  ARGV: group, URL...
local known, open, seeds, ended, lost = unpack(KEYS)
if #ARGV == 1 and redis.call('SCARD', seeds) == 0 then
    return {}
end
if #redis.pcall('XINFO', 'GROUPS', open) == 0 then
    redis.call('XGROUP', 'CREATE', open, ARGV[1], '0', 'MKSTREAM')
end
for i = 2, #ARGV do
    redis.call('SADD', seeds, ARGV[i])
    if redis.call('SADD', known, ARGV[i]) == 1 then
        redis.call('XADD', open, '*', 'url', ARGV[i])
    end
end
if redis.call('XLEN', open) == 0 then
    for _, url in ipairs(redis.call('SMEMBERS', lost)) do
        redis.call('XADD', open, '*', 'url', url)
        redis.call('HDEL', ended, url)
    end
    redis.call('DEL', lost)
end
return redis.call('SMEMBERS', seeds)
