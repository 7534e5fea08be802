-- Takes over claims that another store kept. ARGV[3] JSON leases [pool, slot, fence, proxy, holder, resource, session, granted,
-- expires], ARGV[4] JSON holds [pair, kind, holder, since, until, version, token]; holders, resources and sessions as JSON text.
-- What is known here already is newer.
for _, row in ipairs(cjson.decode(ARGV[3])) do
  local leader, key = terms_for(row[1]), row[1] * SLOT_BITS + row[2]
  if leader and not lease_in(key) then
    leader.ceiling, leader.most = math.max(leader.ceiling, row[2] + 1), math.max(leader.most, row[2] + 1)
    change_terms(leader)
    put({ key = key, fence = row[3], proxy = row[4], holder = row[5], resource = row[6], session = row[7], granted = row[8],
      expires = row[9] })
  end
end
local numbers = { free = FREE, reservation = RESERVATION, assignment = ASSIGNMENT, cooling = COOLING }
for _, row in ipairs(cjson.decode(ARGV[4])) do
  local until_ = row[5] < 0 and math.huge or row[5]
  if not hold_for(row[1]) then put_hold(row[1], numbers[row[2]], row[3], row[4], until_, row[7]).version = row[6] end
end
write('')
return number(latest)
