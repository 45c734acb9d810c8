-- With a file of hosts as argument, requests go round them. At the end comes a
-- line that package load reads.

local requests, at = {}, 0

function init(args)
  if not args[1] then return end
  for host in io.lines(args[1]) do
    wrk.headers["Host"] = host
    requests[#requests + 1] = wrk.format()
  end
  request = function()
    at = at % #requests + 1
    return requests[at]
  end
end

function done(summary)
  local e = summary.errors
  io.write(string.format(
    '\nresult: {"requests":%d,"bytes":%d,"microseconds":%d,"connect":%d,"read":%d,"write":%d,"status":%d,"timeout":%d}\n',
    summary.requests, summary.bytes, summary.duration, e.connect, e.read, e.write, e.status, e.timeout))
end
