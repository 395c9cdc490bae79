%% Answers what it is asked; started with a pid, tells it who it is.
-module(bench_server).
-behaviour(gen_server).
-export([start_link/1, init/1, handle_call/3, handle_cast/2]).

start_link(Told) -> gen_server:start_link(?MODULE, Told, []).

init(Told) when is_pid(Told) -> Told ! {born, self()}, {ok, none};
init(none) -> {ok, none}.

handle_call(Value, _From, State) -> {reply, Value, State}.
handle_cast(_, State) -> {noreply, State}.
