-- Assignments: take and give back.

local function finish_reservation(hold)
  local pool, slot, fence = string.match(hold.token, '^(%d+)x(%d+)%.(%d+)$')
  local row = pool and named(tonumber(pool), tonumber(slot), tonumber(fence))
  if not row then return 'null' end
  row.expires = 0
  put(row)
  return lease_text(row)
end

local function say_taken(hold, lease)
  say('[3,')
  say(hold_text(hold))
  say(',' .. lease .. ']')
end

-- Order: proxy, resource, holder, session.
local function take(order)
  local proxy, resource, holder, session = order[2], order[3], order[4], order[5]
  local known = terms_for(proxy)
  if not known then return refuse('unknown_proxy') end
  if known.flags % 2 == 1 then return refuse('disabled') end
  if known.until_ <= now then return refuse('expired_proxy', known.until_) end
  local pair, ended = proxy .. ',' .. resource .. ',' .. session, 'null'
  local hold = hold_for(pair)
  if stands(hold) then
    if hold.kind == COOLING then return refuse('cooling', hold.until_) end
    if hold.holder ~= holder then return refuse('resource_taken', hold.until_, hold.holder) end
    if hold.kind == ASSIGNMENT then return say_taken(hold, 'null') end
  end
  if quiet > now then return refuse('store_recovering', quiet) end
  if stands(hold) then ended = finish_reservation(hold) end
  say_taken(put_hold(pair, ASSIGNMENT, holder, now, math.huge, ''), ended)
end

-- Order: proxy, resource, holder, session, by force, how long it may not be used again.
local function give_back(order)
  local hold = hold_for(order[2] .. ',' .. order[3] .. ',' .. order[5])
  if not hold or hold.kind ~= ASSIGNMENT then return refuse('not_assigned') end
  if hold.holder ~= order[4] and not order[6] then return refuse('wrong_holder', 0, hold.holder) end
  say_taken(free_pair(hold, order[7]), 'null')
end
