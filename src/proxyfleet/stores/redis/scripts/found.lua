-- A new home for the claims of a fleet: at first, and whenever what was acknowledged may be gone. ARGV[1] its name, ARGV[3] the
-- fleet, ARGV[4] until when no new lease may be granted (`accept`: from now on), ARGV[5] until when leases may end. Fences, positions and tickets go on
-- from the clock, so that none is ever used twice, whatever was lost. Orders wait until all terms have been published. Whoever
-- founds has first written its name to `next`: of two at once the later one wins.
local id, base, seq, next_, quiet = unpack(call('HMGET', FLEET, 'id', 'base', 'seq', 'next', 'quiet'))
if (id and id ~= ARGV[3]) or next_ ~= HOME then return '!moved' end
local from = number(math.max(clock(), tonumber(base or 0), tonumber(seq or 0)))
quiet = ARGV[4] == 'accept' and 0 or math.max(tonumber(ARGV[4]), tonumber(quiet or 0))
call('HDEL', FLEET, 'ready', 'next')
call('HSET', FLEET, 'id', ARGV[3], 'home', HOME, 'run', process(), 'base', from, 'seq', from, 'ticket', from,
  'quiet', number(quiet), 'horizon', ARGV[5])
call('DEL', FEED)
return from
