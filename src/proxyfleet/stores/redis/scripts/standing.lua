-- One page of what stands. ARGV[3] `leases` or `holds`, ARGV[4] where the page before ended (empty: begin), ARGV[5] how many.
-- Rows may be newer than the position of the first page, never older; the feed from there on tells the rest.
local home, run, ready, seq = unpack(call('HMGET', FLEET, 'home', 'run', 'ready', 'seq'))
local stop = trouble(home, run, ready)
if stop then return stop end
local now, after, limit = clock(), ARGV[4], tonumber(ARGV[5])
local told, last = {}, 'null'

-- What has expired leaves the index here; its row stays, for the fence.
local function leases()
  local page = call('SSCAN', RUNNING, after == '' and '0' or after, 'COUNT', limit)
  if page[1] ~= '0' then last = '"' .. page[1] .. '"' end
  local expired = {}
  for nth, raw in ipairs(fields_of(SLOTS, page[2])) do
    local row = raw and lease_of(tonumber(page[2][nth]), raw)
    if row and row.expires > now then
      told[#told + 1] = lease_text(row)
    else
      expired[#expired + 1] = page[2][nth]
    end
  end
  in_pieces('SREM', RUNNING, expired)
end

local function holds()
  local found = call('ZRANGEBYLEX', PAIRS, after == '' and '-' or '(' .. after, '+', 'LIMIT', 0, limit)
  if #found == limit then last = cjson.encode(found[limit]) end
  for nth, raw in ipairs(fields_of(HOLDS, found)) do
    local hold = raw and hold_of(found[nth], raw)
    if hold and hold.kind ~= FREE and hold.until_ > now then told[#told + 1] = hold_text(hold) end
  end
end

if ARGV[3] == 'leases' then leases() else holds() end
return '[' .. number(now) .. ',' .. seq .. ',' .. last .. ',[' .. table.concat(told, ',') .. ']]'
