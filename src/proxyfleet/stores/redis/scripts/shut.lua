-- Lets nothing be claimed any more of those of the proxies in ARGV[3] (JSON ids) of which nothing is claimed now; answers with
-- their ids. Whoever publishes them later has a later ticket, and the last word.
local ticket = call('HINCRBY', FLEET, 'ticket', 1)

local function is_held(id)
  for _, pair in ipairs(call('ZRANGEBYLEX', PAIRS, '[' .. id .. ',', '(' .. id .. '-')) do
    if stands(hold_for(pair)) then return true end
  end
  return false
end

local function has_guests(id)
  for _, field in ipairs(call('ZRANGEBYSCORE', GUESTS, id, id)) do
    local row = lease_in(tonumber(field))
    if row and row.proxy == id and row.expires > now then return true end
  end
  return false
end

local closed = {}
for _, id in ipairs(cjson.decode(ARGV[3])) do
  local known = terms_for(id)
  if known and #running(known, 0) == 0 and not has_guests(id) and not is_held(id) then
    known.ticket, known.flags = ticket, known.flags + GONE
    terms[id] = false
    change_terms(known)
    closed[#closed + 1] = id
  elseif known == false then
    closed[#closed + 1] = id
  end
end
write('')
return '[' .. table.concat(closed, ',') .. ']'
