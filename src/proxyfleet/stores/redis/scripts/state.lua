-- Who claims to be at home here, which process answers, and its clock.
local told = call('HMGET', FLEET, 'id', 'home', 'run', 'ready', 'next', 'horizon', 'quiet')
for nth = 1, 7 do told[nth] = told[nth] or '' end
told[8], told[9] = process(), number(clock())
return cjson.encode(told)
