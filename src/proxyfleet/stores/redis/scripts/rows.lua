-- How rows are kept. A slot is named by the number pool * 2^20 + slot, as `core.lease.Lease.key` does. Holders, resources and
-- sessions are kept as JSON text, as the client has written them, so that rows are told without being taken apart.
local SLOT_BITS = 1048576
local KINDS = { [0] = 'free', 'reservation', 'assignment', 'cooling' }
local FREE, RESERVATION, ASSIGNMENT, COOLING = 0, 1, 2, 3
local GONE = 4

local function lease_of(key, raw)
  local expires, fence, granted, proxy, holder, resource, at = struct.unpack('>ddddI4I4', raw)
  return {
    key = key, expires = expires, fence = fence, granted = granted, proxy = proxy,
    holder = string.sub(raw, at, at + holder - 1),
    resource = string.sub(raw, at + holder, at + holder + resource - 1),
    session = string.sub(raw, at + holder + resource),
  }
end

local function lease_raw(row)
  return struct.pack('>ddddI4I4', row.expires, row.fence, row.granted, row.proxy, #row.holder, #row.resource)
    .. row.holder .. row.resource .. row.session
end

local function lease_text(row)
  local text = row.text
  if not text then
    local slot = row.key % SLOT_BITS
    text = format('[%d,%d,%d,%d,%s,%s,%s,%d,%d]', (row.key - slot) / SLOT_BITS, slot, row.fence, row.proxy, row.holder,
      row.resource, row.session, row.granted, row.expires)
    row.text = text
  end
  return text
end

local function hold_of(pair, raw)
  local until_, since, version, kind, holder, at = struct.unpack('>dddBI4', raw)
  return {
    pair = pair, until_ = until_, since = since, version = version, kind = kind,
    holder = string.sub(raw, at, at + holder - 1), token = string.sub(raw, at + holder),
  }
end

local function hold_raw(hold)
  return struct.pack('>dddBI4', hold.until_, hold.since, hold.version, hold.kind, #hold.holder) .. hold.holder .. hold.token
end

local function hold_text(hold)
  return format('[%s,"%s",%s,%s,%s,%s,"%s"]', hold.pair, KINDS[hold.kind], hold.holder, number(hold.since),
    number(hold.until_), number(hold.version), hold.token)
end

-- `ceiling`: no lease runs in slots from there on; `most`: no slot from there on was ever used; `exit`: the measured exit
-- address of a static proxy, or nothing.
local function terms_of(id, raw)
  local ticket, until_, capacity, ceiling, most, flags, at = struct.unpack('>ddI4I4I4B', raw)
  return {
    id = id, ticket = ticket, until_ = until_, capacity = capacity, ceiling = ceiling, most = most, flags = flags,
    exit = string.sub(raw, at),
  }
end

local function terms_raw(terms)
  return struct.pack('>ddI4I4I4B', terms.ticket, terms.until_, terms.capacity, terms.ceiling, terms.most, terms.flags)
    .. terms.exit
end

-- One entry of the feed, named by the next number; never more than the feed may hold.
local function tell(seq, node, rows)
  call('XADD', FEED, 'MAXLEN', '~', 4096, format('%d-0', seq), 'n', node, 'r', rows)
  call('HSET', FLEET, 'seq', format('%d', seq))
end
