-- The books of one call: what was read once is known, what is changed is written at the end by `write`. SEEDING is true for
-- scripts that may run before the terms of all proxies are here.
local home, run, ready, base, seq, horizon, quiet =
  unpack(call('HMGET', FLEET, 'home', 'run', 'ready', 'base', 'seq', 'horizon', 'quiet'))
local stop = trouble(home, run, ready or SEEDING)
if stop then return stop end
base, seq, horizon, quiet = tonumber(base), tonumber(seq), tonumber(horizon), tonumber(quiet)
local KEY = string.sub(FLEET, 1, -6) .. 'key:'
local now = clock()
local GONE_AFTER = 86400000000

local leases, terms, holds, keys = {}, {}, {}, {}
local news, changed_terms, guests, changed_keys = {}, {}, {}, {}
local latest = 0 -- the last instant at which a lease of this batch may still run

local function fetch(wanted)
  for nth, raw in ipairs(fields_of(SLOTS, wanted)) do
    leases[wanted[nth]] = raw and lease_of(wanted[nth], raw)
  end
end

local function fetch_terms(ids)
  for nth, raw in ipairs(fields_of(TERMS, ids)) do
    local known = raw and terms_of(ids[nth], raw)
    terms[ids[nth]] = known and known.flags < GONE and known
  end
end

local function terms_for(id)
  if terms[id] == nil then fetch_terms({ id }) end
  return terms[id]
end

local function change_terms(known)
  if not known.changed then
    known.changed = true
    changed_terms[#changed_terms + 1] = known
  end
end

local function lease_in(key)
  if leases[key] == nil then fetch({ key }) end
  return leases[key]
end

-- The running leases of a pool in slots from `first` on, by slot.
local function running(leader, first)
  local pool, found, missing = leader.id * SLOT_BITS, {}, {}
  for key = pool + first, pool + leader.ceiling - 1 do
    if leases[key] == nil then missing[#missing + 1] = key end
  end
  fetch(missing)
  for key = pool + first, pool + leader.ceiling - 1 do
    local row = leases[key]
    if row and row.expires > now then found[#found + 1] = row end
  end
  return found
end

-- The row was changed: it will be written and told.
local function put(row)
  row.text = nil
  if not row.told then
    row.told = true
    news[#news + 1] = row
  end
  if row.expires > latest then latest = row.expires end
  if row.key - row.key % SLOT_BITS ~= row.proxy * SLOT_BITS then guests[#guests + 1] = row end
end

local function hold_for(pair)
  local hold = holds[pair]
  if hold == nil then
    local raw = call('HGET', HOLDS, pair)
    hold = raw and hold_of(pair, raw)
    holds[pair] = hold
  end
  return hold
end

local function stands(hold)
  return hold and hold.kind ~= FREE and hold.until_ > now
end

local function put_hold(pair, kind, holder, since, until_, token)
  local hold = hold_for(pair)
  if not hold then
    hold = { pair = pair, version = 0 }
    holds[pair] = hold
  end
  hold.kind, hold.holder, hold.since, hold.until_, hold.token = kind, holder, since, until_, token
  hold.version = hold.version + 1
  if not hold.told then
    hold.told = true
    news[#news + 1] = hold
  end
  return hold
end

local function recall(name)
  local known = keys[name]
  if known == nil then
    local raw = call('GET', KEY .. name)
    known = raw and cmsgpack.unpack(raw)
    keys[name] = known
  end
  return known
end

-- What has changed, written at once; the texts of the holds among it.
local function write(node)
  local slots, began, ended, pairs_, ends, kept, told, told_holds = {}, {}, {}, {}, {}, {}, {}, {}
  for nth, row in ipairs(news) do
    if row.fence then
      slots[#slots + 1] = row.key
      slots[#slots + 1] = lease_raw(row)
      local index = row.expires > now and began or ended
      index[#index + 1] = row.key
      told[nth] = lease_text(row)
    else
      kept[#kept + 1], kept[#kept + 2] = row.pair, hold_raw(row)
      ends[#ends + 1], ends[#ends + 2] = row.until_ == math.huge and '+inf' or row.until_, row.pair
      pairs_[#pairs_ + 1], pairs_[#pairs_ + 2] = 0, row.pair
      told[nth] = hold_text(row)
      told_holds[#told_holds + 1] = told[nth]
    end
  end
  in_pieces('HSET', SLOTS, slots, 2)
  in_pieces('SADD', RUNNING, began)
  in_pieces('SREM', RUNNING, ended)
  in_pieces('HSET', HOLDS, kept, 2)
  in_pieces('ZADD', ENDS, ends, 2)
  in_pieces('ZADD', PAIRS, pairs_, 2)
  for _, known in ipairs(changed_terms) do call('HSET', TERMS, known.id, terms_raw(known)) end
  for _, row in ipairs(guests) do call('ZADD', GUESTS, row.proxy, row.key) end
  for _, name in ipairs(changed_keys) do
    local left = math.ceil((keys[name][1] - now) / 1000)
    call('SET', KEY .. name, cmsgpack.pack(keys[name]), 'PX', format('%d', left))
  end
  if #news > 0 then
    seq = seq + 1
    tell(seq, node, table.concat(told, ','))
  end
  return told_holds
end
