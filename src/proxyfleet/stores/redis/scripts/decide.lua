-- Decides one batch, exactly as stores/deciding.py says, and tells the feed. Looks first and writes at the end, so a batch
-- that cannot be decided has changed nothing. ARGV[3] orders as JSON, ARGV[4] the node that asks.
local CLAIM, RENEW, RELEASE, REASSIGN, TAKE = 1, 2, 3, 5, 6
local orders = cjson.decode(ARGV[3])

-- One look at all that the orders will most likely need.
local function prepare()
  local slots, ids = {}, {}
  local function want(key)
    if leases[key] == nil then
      leases[key] = false
      slots[#slots + 1] = key
    end
  end
  local function want_terms(id)
    if terms[id] == nil then
      terms[id] = false
      ids[#ids + 1] = id
    end
  end
  for _, order in ipairs(orders) do
    local kind = order[1]
    if kind == CLAIM then
      local candidates = order[9]
      for nth = 1, math.min(order[4], #candidates) do
        local pool, proxy = candidates[nth][1], candidates[nth][3]
        want(pool * SLOT_BITS + candidates[nth][2])
        want_terms(pool)
        if proxy ~= pool then want_terms(proxy) end
      end
    elseif kind == RENEW or kind == RELEASE or kind == REASSIGN then
      want(order[2] * SLOT_BITS + order[3])
    elseif kind == TAKE then
      want_terms(order[2])
    end
  end
  fetch(slots)
  fetch_terms(ids)
end

-- Free pairs are remembered for a day, so that late news of them are known to be old; then they go, a few at a time.
local function tidy()
  local old = call('ZRANGEBYSCORE', ENDS, '-inf', number(now - GONE_AFTER), 'LIMIT', 0, 100)
  in_pieces('HDEL', HOLDS, old)
  in_pieces('ZREM', PAIRS, old)
  in_pieces('ZREM', ENDS, old)
end

local VERBS = { claim, renew, release, sweep, reassign, take, give_back }
prepare()
for nth, order in ipairs(orders) do
  if nth > 1 then say(',') end
  VERBS[order[1]](order)
end
if latest > horizon then return '!horizon ' .. number(latest) end
local told = write(ARGV[4])
if seq % 16 == 0 then tidy() end
return '[' .. number(now) .. ',' .. number(seq) .. ',[' .. table.concat(said) .. '],[' .. table.concat(told, ',') .. ']]'
