%% The workloads in Erlang:   erl +S 1:1 +P 4000000 -noshell -pa FOLDER -run bench main WORKLOAD ROUNDS
%% The lines that it prints are those of harness.ts.
-module(bench).
-export([main/1, skynet/3, link_chain/2]).

main([Workload, Rounds]) ->
    logger:set_primary_config(level, none),
    [one(list_to_atom(Workload), I) || I <- lists:seq(0, list_to_integer(Rounds))],
    halt(0).

%% Each round in a process of its own, which leaves no garbage to the next.
one(Workload, I) ->
    {_, Ref} = spawn_monitor(fun() -> exit({figures, figures(Workload)}) end),
    receive
        {'DOWN', Ref, process, _, {figures, Figures}} -> [print(I, Figure) || Figure <- Figures];
        {'DOWN', Ref, process, _, {{unknown, _}, _}} -> io:format("{\"w\":\"~s\",\"skip\":true}~n", [Workload]);
        {'DOWN', Ref, process, _, Reason} -> io:format(standard_error, "~s: ~p~n", [Workload, Reason]), halt(1)
    end,
    erlang:garbage_collect(),
    timer:sleep(20).

print(I, {Bench, Count, Us}) -> print(I, {Bench, Count, Us, []});
print(I, {Bench, Count, Us, Extra}) ->
    Fields = [io_lib:format(",\"~s\":~w", [Key, Value]) || {Key, Value} <- Extra],
    io:format("{\"w\":\"~s\",\"i\":~w,\"n\":~w,\"us\":~w~s}~n", [Bench, I, Count, Us, Fields]).

now_us() -> erlang:monotonic_time(microsecond).
%% The time from here until the result is there.
timed(Run) ->
    Began = now_us(),
    Result = Run(),
    {now_us() - Began, Result}.

scaled(Count) ->
    case os:getenv("BENCH_SCALE") of
        false -> Count;
        Text -> max(1, round(Count * number(Text)))
    end.

number(Text) ->
    case string:to_float(Text) of
        {error, _} -> list_to_integer(Text);
        {Float, _} -> Float
    end.

figures(pingpong) ->
    Pings = scaled(1000000),
    Pong = spawn_link(fun pong/0),
    {Us, done} = timed(fun() -> ping(Pings, Pong) end),
    [{pingpong, 2 * Pings, Us}];
figures(ring) ->
    Hops = scaled(1000000), Me = self(),
    First = spawn_link(fun() -> receive {next, Next} -> hop(Next, Me) end end),
    Last = lists:foldl(fun(_, Next) -> spawn_link(fun() -> hop(Next, Me) end) end, First, lists:seq(2, scaled(1000))),
    First ! {next, Last},
    {Us, done} = timed(fun() -> First ! Hops, receive Done -> Done end end),
    [{ring, Hops, Us}];
figures(counting) ->
    Count = scaled(1000000), Me = self(),
    Counter = spawn_link(fun() -> counter(0) end),
    {Us, Count} = timed(fun() ->
        spawn_link(fun() -> produce(Count, Counter), Counter ! {get, Me} end),
        receive {count, Got} -> Got end
    end),
    [{counting, Count, Us}];
figures(fanout) ->
    Sinks = scaled(10000), Each = 100, Me = self(),
    Pids = [spawn(fun() -> sink(Each, Me) end) || _ <- lists:seq(1, Sinks)],
    {Us, done} = timed(fun() ->
        [[Pid ! {round, Round} || Pid <- Pids] || Round <- lists:seq(1, Each)],
        await(Sinks, done)
    end),
    [{fanout, Sinks * Each, Us}];
figures(spawnexit) ->
    Spawns = scaled(1000000), Me = self(),
    Ended = atomics:new(1, []),
    Worker = fun() ->
        receive go -> ok end,
        case atomics:add_get(Ended, 1, 1) of Spawns -> Me ! done; _ -> ok end
    end,
    {Us, done} = timed(fun() -> spawn_all(Spawns, Worker), await(1, done) end),
    [{spawnexit, Spawns, Us}];
figures(skynet) ->
    Leaves = power(scaled(1000000), 1), Me = self(),
    Expected = Leaves * (Leaves - 1) div 2,
    {Us, Expected} = timed(fun() -> spawn_link(?MODULE, skynet, [0, Leaves, Me]), receive {sum, Sum} -> Sum end end),
    [{skynet, (Leaves * 10 - 1) div 9, Us}];
figures(gencall) ->
    Calls = scaled(300000),
    {ok, Server} = gen_server:start_link(bench_server, none, []),
    {Us, done} = timed(fun() -> calls(Calls, Server) end),
    [{gencall, Calls, Us}];
figures(linkchain) ->
    Length = scaled(100000), Me = self(),
    {Setup, Head} = timed(fun() ->
        Pid = spawn(?MODULE, link_chain, [Length - 1, Me]),
        watch(Length),
        Pid
    end),
    {Kill, done} = timed(fun() ->
        exit(Head, boom),
        downs(Length)
    end),
    [{linkchain_setup, Length, Setup}, {linkchain_kill, Length, Kill}];
%% Only the first: OTP 25 keeps all restarts of the period in a list, and walks it at each one.
figures(supervisor) ->
    Restarts = min(1000, scaled(50000)),
    process_flag(trap_exit, true),
    {Us, _} = timed(fun() ->
        {ok, _} = supervisor:start_link(bench_supervisor, self()),
        kill(Restarts, born())
    end),
    [{supervisor_first1k, Restarts, Us}];
figures(timers) ->
    Count = scaled(1000000), Me = self(),
    Delays = [1000 + rand:uniform(59000) || _ <- lists:seq(1, Count)],
    {Set, Refs} = timed(fun() -> [erlang:send_after(Delay, Me, fired) || Delay <- Delays] end),
    {Cancel, Count} = timed(fun() -> length([Ref || Ref <- Refs, is_integer(erlang:cancel_timer(Ref))]) end),
    erlang:garbage_collect(),
    {Before, _} = statistics(runtime),
    {Fire, done} = timed(fun() ->
        [erlang:send_after(1 + I rem 100, Me, fired) || I <- lists:seq(0, Count - 1)],
        await(Count, fired)
    end),
    {After, _} = statistics(runtime),
    [{timers_set, Count, Set}, {timers_cancel, Count, Cancel}, {timers_fire, Count, Fire, [{cpu, (After - Before) * 1000}]}];
figures(memory) ->
    idle(memory, fun() -> spawn(fun() -> receive stop -> ok end end) end);
figures(memory_server) ->
    idle(memory_server, fun() -> {ok, Pid} = gen_server:start(bench_server, none, []), Pid end);
figures(Unknown) ->
    error({unknown, Unknown}).

await(0, _) -> done;
await(N, What) -> receive What -> await(N - 1, What) end.

power(Count, Power) when Power * 10 =< Count -> power(Count, Power * 10);
power(_, Power) -> Power.

ping(0, _) -> done;
ping(N, Pong) -> Pong ! {ping, self()}, receive pong -> ping(N - 1, Pong) end.
pong() -> receive {ping, From} -> From ! pong, pong() end.

hop(Next, Main) ->
    receive
        0 -> Main ! done;
        Left -> Next ! Left - 1
    end,
    hop(Next, Main).

produce(0, _) -> done;
produce(N, Counter) -> Counter ! inc, produce(N - 1, Counter).
counter(Count) ->
    receive
        inc -> counter(Count + 1);
        {get, From} -> From ! {count, Count}
    end.

sink(0, Collector) -> Collector ! done;
sink(Left, Collector) -> receive {round, _} -> sink(Left - 1, Collector) end.

spawn_all(0, _) -> done;
spawn_all(N, Worker) -> spawn(Worker) ! go, spawn_all(N - 1, Worker).

skynet(First, 1, Parent) -> Parent ! {sum, First};
skynet(First, Leaves, Parent) ->
    Part = Leaves div 10,
    [spawn(?MODULE, skynet, [First + I * Part, Part, self()]) || I <- lists:seq(0, 9)],
    Parent ! {sum, sum(10, 0)}.

sum(0, Sum) -> Sum;
sum(N, Sum) -> receive {sum, More} -> sum(N - 1, Sum + More) end.

calls(0, _) -> done;
calls(N, Server) -> N = gen_server:call(Server, N), calls(N - 1, Server).

link_chain(Behind, Main) ->
    Behind > 0 andalso spawn_link(?MODULE, link_chain, [Behind - 1, Main]),
    Main ! {chained, self()},
    receive stop -> ok end.

watch(0) -> done;
watch(N) -> receive {chained, Pid} -> erlang:monitor(process, Pid) end, watch(N - 1).
downs(0) -> done;
downs(N) -> receive {'DOWN', _, process, _, boom} -> downs(N - 1) end.

born() -> receive {born, Pid} -> Pid end.
kill(0, Pid) -> Pid;
kill(N, Pid) ->
    exit(Pid, kill),
    Next = born(),
    true = Next =/= Pid,
    kill(N - 1, Next).

idle(Bench, Start) ->
    Count = scaled(1000000),
    erlang:garbage_collect(),
    {Rss, Total} = {rss(), erlang:memory(total)},
    {Us, Pids} = timed(fun() -> [Start() || _ <- lists:seq(1, Count)] end),
    timer:sleep(200),
    Heap = (erlang:memory(total) - Total) div Count,
    Extra = [{rss, (rss() - Rss) div Count}, {heap, Heap}],
    Count = length([Pid || Pid <- Pids, is_process_alive(Pid)]),
    [{Bench, Count, Us, Extra}].

rss() ->
    {ok, Status} = file:read_file("/proc/self/status"),
    {match, [Kb]} = re:run(Status, "VmRSS:\\s+(\\d+)", [{capture, all_but_first, list}]),
    list_to_integer(Kb) * 1024.
