-- What the inventory says of proxies, from now on. ARGV[3] the publisher's ticket, ARGV[4] `1` when it may have changed them
-- (else it only compares), ARGV[5] JSON [id, capacity, until, flags, exit] of each proxy, ARGV[6] JSON ids of proxies that are gone.
-- A ticket is taken before the inventory is read, so of two publishers the one with the later ticket has seen more.
local ticket, may_have_changed = tonumber(ARGV[3]), ARGV[4] == '1'
local entries, gone_ids = cjson.decode(ARGV[5]), cjson.decode(ARGV[6])
local changed = false

-- By id, also of proxies that are gone; nil where there is nothing.
local function known_terms(ids)
  local found = {}
  for nth, raw in ipairs(fields_of(TERMS, ids)) do
    found[ids[nth]] = raw and terms_of(ids[nth], raw) or nil
  end
  return found
end

local function leave_exit(known)
  if known.exit ~= '' then call('ZREM', EXITS, known.exit .. ',' .. known.id) end
end

local function publish()
  local ids, fields, came = {}, {}, {}
  for nth, entry in ipairs(entries) do ids[nth] = entry[1] end
  local before = known_terms(ids)
  for _, entry in ipairs(entries) do
    local id, capacity, until_, flags, exit = unpack(entry)
    local old = before[id]
    if until_ < 0 then until_ = math.huge end
    local same = old and old.capacity == capacity and old.until_ == until_ and old.flags == flags and old.exit == exit
    if (not old or old.ticket < ticket) and (may_have_changed or not same) then
      local most, ceiling = math.max(capacity, old and old.most or 0), math.max(capacity, old and old.ceiling or 0)
      fields[#fields + 1] = id
      fields[#fields + 1] = terms_raw({
        ticket = ticket, until_ = until_, capacity = capacity, ceiling = ceiling, most = most, flags = flags, exit = exit,
      })
      changed = changed or not same
      if old and old.exit ~= exit then leave_exit(old) end
      if exit ~= '' then came[#came + 1], came[#came + 2] = 0, exit .. ',' .. id end
    end
  end
  in_pieces('HSET', TERMS, fields, 2)
  in_pieces('ZADD', EXITS, came, 2)
end

-- Slots of other pools that it holds end, and keep their fences; its own pool and its pairs are forgotten.
local function forget(id, most, gone)
  for _, field in ipairs(call('ZRANGEBYSCORE', GUESTS, id, id)) do
    local key = tonumber(field)
    local row = not gone[(key - key % SLOT_BITS) / SLOT_BITS] and lease_in(key)
    if row and row.proxy == id and row.expires > 0 then
      row.expires = 0
      put(row)
    end
  end
  local own = {}
  for slot = 0, most - 1 do own[#own + 1] = id * SLOT_BITS + slot end
  in_pieces('HDEL', SLOTS, own)
  in_pieces('SREM', RUNNING, own)
  local pairs_ = call('ZRANGEBYLEX', PAIRS, '[' .. id .. ',', '(' .. id .. '-')
  in_pieces('HDEL', HOLDS, pairs_)
  in_pieces('ZREM', PAIRS, pairs_)
  in_pieces('ZREM', ENDS, pairs_)
end

local function bury()
  local before, gone, graves = known_terms(gone_ids), {}, {}
  for _, id in ipairs(gone_ids) do
    local old = before[id]
    if not old or (old.ticket < ticket and (may_have_changed or old.flags < GONE)) then
      gone[id] = old and old.most or 0
      call('HSET', TERMS, id, terms_raw({
        ticket = ticket, until_ = 0, capacity = 0, ceiling = 0, most = 0, flags = GONE, exit = '',
      }))
      if old then leave_exit(old) end
      graves[#graves + 1] = now
      graves[#graves + 1] = id
    end
  end
  in_pieces('ZADD', BURIED, graves, 2)
  for id, most in pairs(gone) do forget(id, most, gone) end
  changed = changed or #graves > 0
end

-- Whoever publishes later than a day after having read is not believed to exist.
local function exhume()
  local old = call('ZRANGEBYSCORE', BURIED, '-inf', number(now - GONE_AFTER), 'LIMIT', 0, 1000)
  in_pieces('HDEL', TERMS, old)
  in_pieces('ZREM', BURIED, old)
end

publish()
bury()
exhume()
local before = seq
write('')
for _, id in ipairs(gone_ids) do call('ZREMRANGEBYSCORE', GUESTS, id, id) end
if changed and seq == before then tell(seq + 1, '', '') end
return changed and '1' or '0'
