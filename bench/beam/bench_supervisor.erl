-module(bench_supervisor).
-behaviour(supervisor).
-export([init/1]).

init(Told) ->
    Flags = #{strategy => one_for_one, intensity => 1000000000, period => 1},
    {ok, {Flags, [#{id => server, start => {bench_server, start_link, [Told]}}]}}.
