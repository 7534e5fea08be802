-- Leases: claim, renew, release, sweep, reassign; each takes an order and says its answer, as JSON.
local AFTERLIFE = 600000000
local said = {}

local function say(text)
  said[#said + 1] = text
end

local function refuse(code, until_, by)
  say('[4,"' .. code .. '",' .. number(until_ or 0) .. ',' .. (by or 'null') .. ']')
end

-- An array; what is empty is one too.
local function say_all(rows)
  say('[')
  for nth, row in ipairs(rows) do
    if nth > 1 then say(',') end
    say(lease_text(row))
  end
  say(']')
end

local function texts(rows)
  local told = {}
  for nth, row in ipairs(rows) do told[nth] = lease_text(row) end
  return '[' .. table.concat(told, ',') .. ']'
end

-- `rows`: what fills the pool, or the number of the obstacle that has told it.
local function obstacle(nth, code, until_, by, rows)
  return '[' .. nth .. ',"' .. code .. '",' .. number(until_ or 0) .. ',' .. (by or 'null') .. ',' .. (rows or '[]') .. ']'
end

-- What a claim has found out about a pool. What runs stays what runs while the claim is looked at, so it is read once; slots
-- below `next` are not free.
local function look(claimed, leader)
  claimed.pools = claimed.pools or {}
  local pool = claimed.pools[leader.id]
  if not pool then
    pool = { leader = leader, from = leader.id * SLOT_BITS, next = 0, run = running(leader, 0) }
    claimed.pools[leader.id] = pool
  end
  return pool
end

-- Whether a lease in that slot keeps the pool within its capacity, also while leases run that a higher one allowed: at most
-- `slot` leases run below it.
local function fits(claimed, leader, slot)
  local capacity = leader.capacity
  if slot >= capacity then return false end
  if leader.ceiling <= capacity then return true end
  local pool = look(claimed, leader)
  local run, above = pool.run, 0
  if #run == 0 or run[#run].key < pool.from + capacity then
    leader.ceiling = capacity
    change_terms(leader)
    return true
  end
  while above < #run and run[#run - above].key > pool.from + slot do above = above + 1 end
  return slot + above < capacity
end

local function is_free(claimed, key)
  local last = lease_in(key)
  return not (last and last.expires > now) and not (claimed.keys and claimed.keys[key])
end

local function lowest_free(claimed, leader)
  local pool = look(claimed, leader)
  while not is_free(claimed, pool.from + pool.next) do pool.next = pool.next + 1 end
  return pool.next
end

-- The pool is full, and stays so for this claim.
local function full(claimed, leader, nth)
  local pool = look(claimed, leader)
  if pool.told then return obstacle(nth, 'capacity', pool.soonest, nil, pool.told) end
  pool.told, pool.soonest = #claimed.obstacles, pool.run[1] and pool.run[1].expires or 0
  for _, row in ipairs(pool.run) do pool.soonest = math.min(pool.soonest, row.expires) end
  return obstacle(nth, 'capacity', pool.soonest, nil, texts(pool.run))
end

-- All slots of these pools; nothing when they are more than `most`.
local function slots_of(ids, most)
  if #ids > most then return nil end
  local keys, unknown = {}, {}
  for _, id in ipairs(ids) do
    if terms[id] == nil then unknown[#unknown + 1] = id end
  end
  fetch_terms(unknown)
  for _, id in ipairs(ids) do
    local ceiling = terms[id] and terms[id].ceiling or 0
    if #keys + ceiling > most then return nil end
    for slot = 0, ceiling - 1 do keys[#keys + 1] = id * SLOT_BITS + slot end
  end
  return keys
end

-- By exit: the slots that may run behind it, which are those of its pools, or what runs anywhere where that is less.
local exits = {}

local function read_exit(address)
  local exit, ids = { is_behind = {}, has = {}, keys = {}, told = 0 }, {}
  for nth, entry in ipairs(call('ZRANGEBYLEX', EXITS, '[' .. address .. ',', '(' .. address .. '-')) do
    ids[nth] = tonumber(string.sub(entry, #address + 2))
    exit.is_behind[ids[nth]] = true
  end
  for _, key in ipairs(slots_of(ids, call('SCARD', RUNNING)) or call('SMEMBERS', RUNNING)) do
    key = tonumber(key)
    if exit.is_behind[(key - key % SLOT_BITS) / SLOT_BITS] then
      exit.keys[#exit.keys + 1] = key
      exit.has[key] = true
    end
  end
  exits[address] = exit
  return exit
end

-- What orders before this one have begun, only `news` know.
local function keys_behind(address)
  local exit = exits[address] or read_exit(address)
  for nth = exit.told + 1, #news do
    local key = news[nth].fence and news[nth].key
    if key and exit.is_behind[(key - key % SLOT_BITS) / SLOT_BITS] and not exit.has[key] then
      exit.keys[#exit.keys + 1] = key
      exit.has[key] = true
    end
  end
  exit.told = #news
  return exit.keys
end

-- Terms that were told by an earlier version name no exit, so that the index may still know one that is left.
local function runs_behind(key, address)
  local row = lease_in(key)
  local leader = row and row.expires > now and terms_for((key - key % SLOT_BITS) / SLOT_BITS)
  return leader and leader.exit == address and row
end

-- What a claim has found out about an exit: what runs behind it, and how many the claim is about to get there.
local function look_behind(claimed, known)
  claimed.exits = claimed.exits or {}
  local exit = claimed.exits[known.exit]
  if exit then return exit end
  exit = { mine = 0, run = {}, soonest = 0 }
  claimed.exits[known.exit] = exit
  local keys, missing = keys_behind(known.exit), {}
  for _, key in ipairs(keys) do
    if leases[key] == nil then missing[#missing + 1] = key end
  end
  fetch(missing)
  for _, key in ipairs(keys) do
    local row = runs_behind(key, known.exit)
    if row then
      exit.run[#exit.run + 1] = row
      exit.soonest = (#exit.run == 1 or row.expires < exit.soonest) and row.expires or exit.soonest
    end
  end
  return exit
end

-- The obstacle when as many leases run behind the proxy's exit as it may carry itself.
local function crowd(claimed, known, nth)
  local exit = look_behind(claimed, known)
  if #exit.run + exit.mine < known.capacity then return nil, exit end
  if exit.told then return obstacle(nth, 'capacity', exit.soonest, nil, exit.told) end
  exit.told = #claimed.obstacles
  return obstacle(nth, 'capacity', exit.soonest, nil, texts(exit.run))
end

-- What would be granted for the candidate, not written yet; or nothing and the obstacle.
local function proposal(nth, candidate, order, claimed)
  local pool, slot, proxy = candidate[1], candidate[2], candidate[3]
  local known, leader = terms_for(proxy), terms_for(pool)
  if not known or not leader then return nil, obstacle(nth, 'unknown_proxy') end
  if known.flags % 2 == 1 then return nil, obstacle(nth, 'disabled') end
  if known.until_ <= now then return nil, obstacle(nth, 'expired_proxy', known.until_) end
  local key = pool * SLOT_BITS + slot
  if not is_free(claimed, key) or not fits(claimed, leader, slot) then
    slot = lowest_free(claimed, leader)
    if not fits(claimed, leader, slot) then return nil, full(claimed, leader, nth) end
    key = pool * SLOT_BITS + slot
  end
  local exit
  if order[10] and known.exit ~= '' then
    local why
    why, exit = crowd(claimed, known, nth)
    if why then return nil, why end
  end
  local last = lease_in(key)
  local fence = (last and last.fence > base and last.fence or base) + 1
  local session = known.flags >= 2 and format('"%dx%df%d"', pool, slot, fence) or '""'
  local resource = order[6]
  if resource then
    local pair = proxy .. ',' .. resource .. ',' .. session
    local hold = hold_for(pair)
    if (claimed.pairs and claimed.pairs[pair]) or stands(hold) then
      return nil, obstacle(nth, 'resource_taken', hold and hold.until_ or 0, hold and hold.holder or order[2])
    end
    if claimed.pairs then claimed.pairs[pair] = true end
  end
  if claimed.keys then claimed.keys[key] = true end
  if exit then exit.mine = exit.mine + 1 end
  return { key = key, fence = fence, proxy = proxy, session = session,
    expires = now + order[3] < known.until_ and now + order[3] or known.until_ }
end

local function token_of(row)
  local slot = row.key % SLOT_BITS
  return format('%dx%d.%d', (row.key - slot) / SLOT_BITS, slot, row.fence)
end

local function pair_of(row)
  return row.proxy .. ',' .. row.resource .. ',' .. row.session
end

local function reserve(row)
  if row.resource ~= 'null' then
    put_hold(pair_of(row), RESERVATION, row.holder, row.granted, row.expires, token_of(row))
  end
end

local function grant(order, proposed)
  local row = leases[proposed.key]
  if not row then
    row = { key = proposed.key }
    leases[proposed.key] = row
  end
  row.fence, row.proxy, row.session, row.expires = proposed.fence, proposed.proxy, proposed.session, proposed.expires
  row.holder, row.resource, row.granted = order[2], order[6] or 'null', now
  put(row)
  reserve(row)
  return row
end

local function repeated(order, known)
  if known[2] ~= order[8] then return refuse('key_conflict', known[1]) end
  local mine = {}
  for nth = 3, #known, 2 do
    local row = lease_in(known[nth])
    if row and row.fence == known[nth + 1] and row.expires > now then mine[#mine + 1] = row end
  end
  if #mine == 0 then return refuse('key_spent', known[1]) end
  say('[0,')
  say_all(mine)
  say(',[],1]')
end

local function remember(order, granted)
  local known = { 0, order[8] }
  for _, row in ipairs(granted) do
    known[1] = math.max(known[1], row.expires + AFTERLIFE)
    known[#known + 1] = row.key
    known[#known + 1] = row.fence
  end
  keys[order[7]] = known
  changed_keys[#changed_keys + 1] = order[7]
end

-- Order: holder, ttl, wanted, all or nothing, resource, key, arguments, candidates {pool, slot, proxy}, whether exits are shared.
local function claim(order)
  local wanted, key = order[4], order[7]
  local known = key and recall(key)
  if known and known[1] > now then return repeated(order, known) end
  if quiet > now then return refuse('store_recovering', quiet) end
  local granted, obstacles = {}, {}
  -- Who wants one looks no further once there is one, and need not know what is taken already.
  local claimed = wanted == 1 and { obstacles = obstacles } or { obstacles = obstacles, keys = {}, pairs = {} }
  for nth, candidate in ipairs(order[9]) do
    local found, why = proposal(nth - 1, candidate, order, claimed)
    if found then
      granted[#granted + 1] = found
      if #granted == wanted then break end
    else
      obstacles[#obstacles + 1] = why
    end
  end
  if order[5] and #granted ~= wanted then granted = {} end
  for nth, found in ipairs(granted) do granted[nth] = grant(order, found) end
  if key and #granted > 0 then remember(order, granted) end
  say('[0,')
  say_all(granted)
  say(',[')
  say(table.concat(obstacles, ','))
  say('],0]')
end

-- The lease that the token names, while it runs and belongs to the principal; without one it is the operator.
local function named(pool, slot, fence, principal)
  local row = lease_in(pool * SLOT_BITS + slot)
  if not row or row.fence < fence then return nil, 'unknown_lease', 0 end
  if row.fence ~= fence then return nil, 'stale_token', 0 end
  if principal and string.sub(row.holder, 1, #principal) ~= principal then return nil, 'wrong_holder', 0 end
  if row.expires <= now then return nil, row.expires == 0 and 'lease_ended' or 'lease_expired', row.expires end
  return row
end

local function say_renewed(row)
  say('[1,')
  say(lease_text(row))
  say(']')
end

local function renew(order)
  local row, why, until_ = named(order[2], order[3], order[4], order[5])
  if not row then return refuse(why, until_) end
  local known = terms_for(row.proxy)
  if not known then return refuse('unknown_proxy') end
  row.expires = math.max(row.expires, math.min(now + order[6], known.until_))
  put(row)
  reserve(row)
  say_renewed(row)
end

local function free_pair(hold, cooling)
  local kind, until_ = FREE, now
  if cooling > 0 then kind, until_ = COOLING, now + cooling end
  return put_hold(hold.pair, kind, hold.holder, now, until_, '')
end

local function finish(row)
  row.expires = 0
  put(row)
  if row.resource ~= 'null' then
    local hold = hold_for(pair_of(row))
    if hold and hold.kind == RESERVATION and hold.token == token_of(row) then free_pair(hold, 0) end
  end
end

local function release(order)
  local row, why, until_ = named(order[2], order[3], order[4], order[5])
  if not row then return refuse(why, until_) end
  finish(row)
  say_renewed(row)
end

-- Order: head of the holder's text, end of it, proxy, resource; false where anything fits. Then: reservations only.
local function meant(row, order)
  local principal, label, proxy, resource = order[2], order[3], order[4], order[5]
  return (not principal or string.sub(row.holder, 1, #principal) == principal)
    and (not label or string.sub(row.holder, -#label) == label)
    and (not proxy or row.proxy == proxy)
    and (not resource or row.resource == resource)
    and not (order[6] and row.resource == 'null')
end

local function all_running()
  local missing, found, seen = {}, {}, {}
  for _, field in ipairs(call('SMEMBERS', RUNNING)) do
    local key = tonumber(field)
    seen[key] = true
    if leases[key] == nil then missing[#missing + 1] = key end
  end
  fetch(missing)
  for _, row in ipairs(news) do
    if row.fence then seen[row.key] = true end
  end
  for key in pairs(seen) do
    local row = leases[key]
    if row and row.expires > now then found[#found + 1] = row end
  end
  return found
end

local function sweep(order)
  local ended = {}
  if order[2] or order[3] or order[4] or order[5] then
    for _, row in ipairs(all_running()) do
      if meant(row, order) then
        finish(row)
        ended[#ended + 1] = row
      end
    end
  end
  say('[2,')
  say_all(ended)
  say(']')
end

local function reassign(order)
  local row, why, until_ = named(order[2], order[3], order[4])
  if not row then return refuse(why, until_) end
  row.holder, row.fence = order[5], math.max(row.fence, base) + 1
  put(row)
  reserve(row)
  say_renewed(row)
end
