-- What others have told since. ARGV[3] the position until which all is known, ARGV[4] the node that asks.
local home, run, ready, seq = unpack(call('HMGET', FLEET, 'home', 'run', 'ready', 'seq'))
local stop = trouble(home, run, ready)
if stop then return stop end
local after, told = tonumber(ARGV[3]), {}
seq = tonumber(seq)
local oldest = call('XRANGE', FEED, '-', '+', 'COUNT', 1)[1]
oldest = oldest and tonumber(string.match(oldest[1], '^%d+')) or seq + 1
for _, entry in ipairs(call('XRANGE', FEED, format('%.0f-0', after + 1), '+')) do
  local node, rows = entry[2][2], entry[2][4]
  if node ~= ARGV[4] and rows ~= '' then told[#told + 1] = rows end
end
local whole = after >= oldest - 1 and after <= seq
return '[' .. number(clock()) .. ',' .. number(seq) .. ',' .. (whole and 'true' or 'false') .. ',['
  .. table.concat(told, ',') .. ']]'
