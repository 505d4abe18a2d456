-- Ends a page: its outcome, its article and its links. Returns 0 if it had ended before. That it
-- is open no more comes last, so that whatever fails before can be done once more.
-- KEYS: known, open, ended, lost, titles, articles.
-- ARGV: group, entry, URL, outcome, is lost, is article, title, text, most pages, link...
local known, open, ended, lost, titles, articles = unpack(KEYS)
local group, entry, url, outcome, is_lost, is_article, title, text, most = unpack(ARGV, 1, 9)
if #redis.call('XRANGE', open, entry, entry) == 0 then
    return 0
end
redis.call('HSET', ended, url, outcome)
if is_lost == '1' then
    redis.call('SADD', lost, url)
end
if is_article == '1' then
    redis.call('HSET', titles, url, title)
    redis.call('HSET', articles, url, text)
end
local room = tonumber(most) - redis.call('SCARD', known)
for i = 10, #ARGV do
    if room <= 0 then
        break
    end
    if redis.call('SADD', known, ARGV[i]) == 1 then
        redis.call('XADD', open, '*', 'url', ARGV[i])
        room = room - 1
    end
end
redis.call('XACK', open, group, entry)
return redis.call('XDEL', open, entry)
