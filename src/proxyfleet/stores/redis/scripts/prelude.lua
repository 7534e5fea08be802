-- Shared by all scripts: the keys, the clock, whether this Redis may be asked. KEYS are `keys.KEYS`; ARGV[1] is the home
-- that the caller believes in, ARGV[2] microseconds to add to the clock (tests move it by hand). All instants are whole
-- microseconds, which a Lua number holds exactly; a trouble is answered as a text that begins with `!`.
local FLEET, TERMS, BURIED, SLOTS, RUNNING, GUESTS, HOLDS, PAIRS, ENDS, EXITS, FEED = unpack(KEYS)
local call, format = redis.call, string.format
local HOME, OFFSET = ARGV[1], tonumber(ARGV[2])
local CHUNK = 2000 -- arguments of one command; Lua's stack ends at 8000
if redis.replicate_commands then redis.replicate_commands() end -- before Redis 5 this was not the default

local function clock()
  local time = call('TIME')
  return time[1] * 1000000 + time[2] + OFFSET
end

-- Which process answers: another one after a restart or a failover, so what was acknowledged may be gone.
local function process()
  return string.match(call('INFO', 'server'), 'run_id:(%x+)')
end

local function trouble(home, run, ready)
  if not home then return '!empty' end
  if run ~= process() then return '!restarted' end
  if home ~= HOME then return '!moved' end
  return not ready and '!unready' or nil
end

local function number(value)
  return value == math.huge and '-1' or format('%d', value)
end

-- `command key argument...`, in pieces that fit; `step` keeps together what belongs together.
local function in_pieces(command, key, arguments, step)
  local size = CHUNK - CHUNK % (step or 1)
  for first = 1, #arguments, size do
    call(command, key, unpack(arguments, first, math.min(first + size - 1, #arguments)))
  end
end

-- The fields of a hash, in order; false for what is not there.
local function fields_of(key, names)
  if #names == 0 then return {} end
  if #names <= CHUNK then return call('HMGET', key, unpack(names)) end
  local found = {}
  for first = 1, #names, CHUNK do
    local last = math.min(first + CHUNK - 1, #names)
    local piece = call('HMGET', key, unpack(names, first, last))
    for nth = first, last do found[nth] = piece[nth - first + 1] end
  end
  return found
end
