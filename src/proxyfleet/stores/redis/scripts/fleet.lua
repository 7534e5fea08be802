-- One change of the fleet's own row. ARGV[3] `ticket`: a number for a publisher; `extend`: leases may end as late as ARGV[4];
-- `ready`: all terms have been published; `accept`: new leases may be granted, whatever was lost.
local home, run, ready = unpack(call('HMGET', FLEET, 'home', 'run', 'ready'))
local stop = trouble(home, run, true)
if stop then return stop end
if ARGV[3] == 'ticket' then return number(call('HINCRBY', FLEET, 'ticket', 1)) end
if ARGV[3] == 'ready' or ARGV[3] == 'accept' then
  call('HSET', FLEET, ARGV[3] == 'ready' and 'ready' or 'quiet', ARGV[3] == 'ready' and '1' or '0')
  return '1'
end
local latest = math.max(tonumber(call('HGET', FLEET, 'horizon')), tonumber(ARGV[4]))
call('HSET', FLEET, 'horizon', number(latest))
return number(latest)
