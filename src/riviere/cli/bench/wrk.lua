-- Sends one gift a request under a key of its own; figures go out as one line of JSON behind the word RIVIERE.
local number = 0
local path, run, format, viewers, creators
local headers = {}

function init(_)
    path = os.getenv("RIVIERE_BENCH_PATH")
    run = os.getenv("RIVIERE_BENCH_RUN")
    format = os.getenv("RIVIERE_BENCH_BODY")
    viewers = tonumber(os.getenv("RIVIERE_BENCH_VIEWERS"))
    creators = tonumber(os.getenv("RIVIERE_BENCH_CREATORS"))
    math.randomseed(tonumber(run:sub(1, 8), 16))
    headers["Authorization"] = "Bearer " .. os.getenv("RIVIERE_BENCH_KEY")
    headers["Content-Type"] = "application/json"
end

function request()
    number = number + 1
    headers["Idempotency-Key"] = string.format("%s%016x", run, number)
    local body = string.format(format, math.random(viewers) - 1, math.random(creators) - 1)
    return wrk.format("POST", path, headers, body)
end

function done(summary, latency, _)
    local wrong = summary.errors
    local times = {}
    for place = 1, #latency do
        local microseconds, many = latency(place)
        times[#times + 1] = string.format("[%d,%d]", microseconds, many)
    end
    print(string.format(
        'RIVIERE {"requests":%d,"microseconds":%d,"refused":%d,"broken":%d,"times":[%s]}',
        summary.requests, summary.duration, wrong.status,
        wrong.connect + wrong.read + wrong.write + wrong.timeout, table.concat(times, ",")
    ))
end
