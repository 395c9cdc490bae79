#!/usr/bin/env escript
%% -*- erlang -*-
%%! -noshell
%% Makes random state machines, runs each of them three times in OTP's gen_statem, and prints those that did the same
%% each time, one JSON document a line: record.escript [HOW_MANY [SEED]]
-module(record).
-mode(compile).
-export([callback/5, entered/4, init/2, terminate/4]).

-define(SETTLE, 1500).
-define(AT_ONCE, 250).
-define(KEYS, [k1, k2, k3, k4, k5, k6]).
-define(CALLERS, [c1, c2, c3, c4, c5, c6]).
-define(STATES, [a, b, c]).

main(Args) ->
    {Count, Seed} = case [list_to_integer(Arg) || Arg <- Args] of
        [] -> {400, 1};
        [N] -> {N, 1};
        [N, S] -> {N, S}
    end,
    logger:set_primary_config(level, none),
    rand:seed(exsss, {Seed, Seed, Seed}),
    [make_module(M) || M <- modules()],
    record(1, Count, []).

record(Next, Count, _) when Next > Count -> ok;
record(Next, Count, _) ->
    Last = min(Count, Next + ?AT_ONCE - 1),
    Scenarios = [{Id, scenario()} || Id <- lists:seq(Next, Last)],
    [First, Second, Third] = [run_all(Scenarios) || _ <- [1, 2, 3]],
    [print(Id, Scenario, A) || {{Id, Scenario}, A, B, C} <- zip4(Scenarios, First, Second, Third),
        A =:= B, B =:= C, A =/= stale],
    record(Last + 1, Count, []).

zip4([A | As], [B | Bs], [C | Cs], [D | Ds]) -> [{A, B, C, D} | zip4(As, Bs, Cs, Ds)];
zip4([], [], [], []) -> [].

run_all(Scenarios) ->
    Self = self(),
    Runners = [spawn_link(fun() -> Self ! {self(), run(Scenario)} end) || {_, Scenario} <- Scenarios],
    [receive {Runner, Trace} -> Trace end || Runner <- Runners].

%% ── the modules: one for each callback mode, with and without state enter calls ──

modules() -> [sf, sfe, he, hee].

mode(sf) -> "state_functions";
mode(sfe) -> "[state_functions, state_enter]";
mode(he) -> "handle_event_function";
mode(hee) -> "[handle_event_function, state_enter]".

make_module(M) ->
    Name = atom_to_list(M),
    Forms = ["-module(" ++ Name ++ ").", "-compile([export_all, nowarn_export_all]).",
        "callback_mode() -> " ++ mode(M) ++ ".",
        "init(Arg) -> record:init(" ++ Name ++ ", Arg).",
        "terminate(R, S, D) -> record:terminate(" ++ Name ++ ", R, S, D).",
        "handle_event(enter, O, S, D) -> record:entered(" ++ Name ++ ", O, S, D);
         handle_event(T, C, S, D) -> record:callback(" ++ Name ++ ", T, C, S, D)."
        | [lists:flatten(io_lib:format("~p(enter, O, D) -> record:entered(~p, O, ~p, D);
                ~p(T, C, D) -> record:callback(~p, T, C, ~p, D).", [S, M, S, S, M, S])) || S <- ?STATES]],
    Parsed = [begin {ok, Tokens, _} = erl_scan:string(Form), {ok, Abstract} = erl_parse:parse_form(Tokens), Abstract end
        || Form <- Forms],
    {ok, M, Binary} = compile:forms(Parsed, []),
    {module, M} = code:load_binary(M, Name, Binary).

%% ── a scenario: what the machine does with each event, and what it is sent ──

scenario() ->
    Scenario = #{module := Module} = simple_scenario(),
    Complex = rand:uniform(2) =:= 1 andalso not mentions(sf, Scenario) andalso not mentions(sfe, Scenario),
    Scenario#{complex => Complex andalso lists:member(Module, [he, hee])}.

mentions(What, What) -> true;
mentions(What, Map) when is_map(Map) -> mentions(What, maps:values(Map));
mentions(What, List) when is_list(List) -> lists:any(fun(Each) -> mentions(What, Each) end, List);
mentions(_, _) -> false.

simple_scenario() ->
    #{module => one_of(modules()),
      init => #{state => one_of(?STATES), actions => actions(init, rand:uniform(3) - 1)},
      handlers => maps:from_list([{K, [result(event) || _ <- lists:seq(1, rand:uniform(3))]} || K <- ?KEYS]),
      enters => maps:from_list([{S, [result(enter) || _ <- lists:seq(1, rand:uniform(3) - 1)]} || S <- ?STATES]),
      ops => ops(rand:uniform(3), ?CALLERS)}.

ops(0, _) ->
    case rand:uniform(4) of
        1 -> [#{op => stop, reason => one_of([normal, shutdown, other])}];
        _ -> []
    end;
ops(Left, Callers) ->
    {Items, Rest} = items(rand:uniform(5), Callers, []),
    [#{op => burst, items => Items} | ops(Left - 1, Rest)].

items(0, Callers, Items) -> {Items, Callers};
items(Left, [C | Callers], Items) ->
    case rand:uniform(3) of
        1 -> items(Left - 1, Callers, [[call, key(), C] | Items]);
        2 -> items(Left - 1, [C | Callers], [[cast, key()] | Items]);
        3 -> items(Left - 1, [C | Callers], [[info, key()] | Items])
    end;
items(Left, [], Items) -> items(Left - 1, [], [[cast, key()] | Items]).

result(Phase) ->
    Ret = weighted(case Phase of
        event -> [{30, next_state}, {14, keep_state}, {26, keep_state_and_data}, {7, repeat_state},
            {5, repeat_state_and_data}, {1, stop}, {2, stop_and_reply}, {2, raise}, {1, exit}, {1, bad}, {4, throw}];
        enter -> [{30, keep_state}, {30, keep_state_and_data}, {4, repeat_state}, {4, repeat_state_and_data},
            {3, same_state}, {1, next_state}, {1, stop}, {1, stop_and_reply}, {1, raise}, {1, bad}]
    end),
    Actions = case rand:uniform(6) of 1 -> 0; 2 -> 0; 3 -> 1; 4 -> 1; 5 -> 2; 6 -> 3 end,
    case Ret of
        next_state -> #{ret => Ret, state => one_of(?STATES), actions => actions(Phase, Actions)};
        stop -> #{ret => Ret, reason => one_of([normal, shutdown, other])};
        stop_and_reply -> #{ret => Ret, reason => one_of([normal, other]),
            actions => [[reply, one_of(?CALLERS), rand:uniform(9)] || _ <- lists:seq(1, rand:uniform(2))]};
        throw -> #{ret => Ret, result => result(Phase)};
        _ when Ret =:= raise; Ret =:= exit; Ret =:= bad -> #{ret => Ret};
        _ -> #{ret => Ret, actions => actions(Phase, Actions)}
    end.

actions(Phase, Count) -> [action(Phase) || _ <- lists:seq(1, Count)].

action(Phase) ->
    %% What a state enter call may not ask for is tried there, too, but seldom.
    Rare = case Phase of enter -> 1; _ -> 12 end,
    case weighted([{12, reply}, {Rare, postpone}, {2, no_postpone}, {Rare, next_event}, {12, state_timeout},
            {10, timeout}, {12, generic}, {2, hibernate}, {1, bad}, {Rare div 4, module}]) of
        reply -> [reply, one_of(?CALLERS), rand:uniform(9)];
        postpone -> [postpone, true];
        no_postpone -> [postpone, false];
        next_event -> [next_event, one_of([cast, internal, info, state_timeout, timeout, t1, call]), key()];
        state_timeout -> timeout(state_timeout);
        timeout -> timeout(timeout);
        generic -> timeout(one_of([t1, t2]));
        hibernate -> [hibernate];
        bad -> [bad];
        module -> one_of([[push, one_of(modules())], [change, one_of(modules())], [pop], [pop]])
    end.

timeout(Type) ->
    case rand:uniform(12) of
        1 -> [Type, cancel];
        2 -> [Type, infinity, key()];
        3 -> [Type, update, key()];
        4 -> [Type, update, key()];
        5 -> [Type, delay(), key(), abs];
        N when N < 9 -> [Type, 0, key()];
        _ -> [Type, delay(), key()]
    end.

delay() -> one_of([40, 70, 110, 170, 260, 390, 580]).
key() -> one_of(?KEYS).
one_of(List) -> lists:nth(rand:uniform(length(List)), List).

weighted(Choices) -> weighted(rand:uniform(lists:sum([Weight || {Weight, _} <- Choices])), Choices).
weighted(At, [{Weight, Choice} | _]) when At =< Weight -> Choice;
weighted(At, [{Weight, _} | Rest]) -> weighted(At - Weight, Rest).

%% ── running one ──

run(#{module := Module, ops := Ops} = Scenario) ->
    process_flag(trap_exit, true),
    {ok, {Pid, Ref}} = gen_statem:start_monitor(Module, {self(), Scenario}, []),
    Trace = [collect() | [perform(Op, Pid) || Op <- Ops]],
    exit(Pid, kill),
    Reason = receive {'DOWN', Ref, process, Pid, R} -> reason(R) end,
    case lists:member(stale, lists:append(Trace)) of
        true -> stale;
        false -> Trace ++ [[[down, Reason]]]
    end.

perform(#{op := burst, items := Items}, Pid) ->
    Suspended = (catch sys:suspend(Pid)),
    [send(Item, Pid) || Item <- Items],
    Suspended =:= ok andalso sys:resume(Pid),
    collect();
perform(#{op := stop, reason := Reason}, Pid) ->
    spawn(fun() -> catch gen_statem:stop(Pid, Reason, infinity) end),
    collect().

%% All calls are one process's, so that the order of the replies is seen.
send([call, K, C], Pid) -> Pid ! {'$gen_call', {self(), C}, {C, K}};
send([cast, K], Pid) -> gen_statem:cast(Pid, K);
send([info, K], Pid) -> Pid ! K.

collect() -> collect(erlang:monotonic_time(millisecond) + ?SETTLE, []).

collect(Until, Seen) ->
    receive
        {cb, Entry} -> collect(Until, [Entry | Seen]);
        {C, Value} when is_atom(C), is_integer(Value) -> collect(Until, [[reply, C, Value] | Seen])
    after max(0, Until - erlang:monotonic_time(millisecond)) -> lists:reverse(Seen)
    end.

reason({{bad_action_from_state_function, _}, _}) -> bad_action;
reason({bad_action_from_state_function, _}) -> bad_action;
reason({{bad_state_enter_action_from_state_function, _}, _}) -> bad_action;
reason({bad_state_enter_action_from_state_function, _}) -> bad_action;
reason({{bad_reply_action_from_state_function, _}, _}) -> bad_action;
reason({bad_reply_action_from_state_function, _}) -> bad_action;
reason({{bad_return_from_state_function, _}, _}) -> bad_return;
reason({bad_return_from_state_function, _}) -> bad_return;
reason({{bad_state_enter_return_from_state_function, _}, _}) -> bad_return;
reason({bad_state_enter_return_from_state_function, _}) -> bad_return;
reason({oops, [_ | _]}) -> oops;
reason(Reason) when is_atom(Reason) -> Reason.

%% ── the callbacks ──

tell(Entry) -> get(collector) ! {cb, Entry}.

init(_, {Collector, #{init := #{state := State, actions := Actions}} = Scenario}) ->
    put(collector, Collector),
    put(scenario, Scenario),
    {ok, complex(State), 0, translated(Actions)}.

terminate(Module, Reason, State, Data) ->
    tell([terminate, Module, reason(Reason), simple(State), Data]).

entered(Module, Old, State, Data) ->
    tell([enter, Module, simple(Old), simple(State), Data]),
    #{enters := Enters} = get(scenario),
    respond(take(enter, simple(State), Enters), State, Data).

callback(Module, Type, Content, State, Data) ->
    case {Type, Content} of
        {{call, From}, {C, K}} ->
            put({from, C}, From),
            event(Module, call, K, State, Data);
        {info, {timeout, _, _}} ->
            tell(stale),
            keep_state_and_data;
        {{timeout, Name}, K} -> event(Module, Name, K, State, Data);
        {_, K} -> event(Module, Type, K, State, Data)
    end.

event(Module, Type, K, State, Data) ->
    tell([Type, Module, K, simple(State), Data]),
    #{handlers := Handlers} = get(scenario),
    respond(take(handler, K, Handlers), State, Data).

%% The next result for this event or entry; in the end nothing happens any more.
take(Kind, Key, Results) ->
    Done = case get({Kind, Key}) of undefined -> 0; N -> N end,
    put({Kind, Key}, Done + 1),
    case maps:get(Key, Results, []) of
        List when Done < length(List) -> lists:nth(Done + 1, List);
        _ -> #{ret => keep_state_and_data, actions => []}
    end.

respond(#{ret := Ret} = Result, State, Data) ->
    case Ret of
        next_state -> #{state := S, actions := A} = Result, {next_state, complex(S), Data + 1, translated(A)};
        same_state -> {next_state, State, Data + 1, translated(maps:get(actions, Result))};
        keep_state -> {keep_state, Data + 1, translated(maps:get(actions, Result))};
        keep_state_and_data -> {keep_state_and_data, translated(maps:get(actions, Result))};
        repeat_state -> {repeat_state, Data + 1, translated(maps:get(actions, Result))};
        repeat_state_and_data -> {repeat_state_and_data, translated(maps:get(actions, Result))};
        stop -> {stop, maps:get(reason, Result), Data + 1};
        stop_and_reply -> {stop_and_reply, maps:get(reason, Result), translated(maps:get(actions, Result)), Data + 1};
        raise -> error(oops);
        exit -> exit(left);
        bad -> 42;
        throw -> throw(respond(maps:get(result, Result), State, Data))
    end.

translated(Actions) -> lists:append([translate(Action) || Action <- Actions]).

translate([reply, C, Value]) ->
    case get({from, C}) of undefined -> []; From -> [{reply, From, Value}] end;
translate([postpone, How]) -> [{postpone, How}];
translate([next_event, call, K]) ->
    case get({from, c1}) of undefined -> []; From -> [{next_event, {call, From}, {c1, K}}] end;
translate([next_event, t1, K]) -> [{next_event, {timeout, t1}, K}];
translate([next_event, Type, K]) -> [{next_event, Type, K}];
translate([hibernate]) -> [hibernate];
translate([bad]) -> [{no_such, action}];
translate([push, Module]) -> [{push_callback_module, Module}];
translate([change, Module]) -> [{change_callback_module, Module}];
translate([pop]) -> [pop_callback_module];
translate([Type, cancel]) -> [{timeout_type(Type), cancel}];
translate([Type, Time, K]) ->
    is_integer(Time) andalso Time > 0 andalso due(Time),
    [{timeout_type(Type), Time, K}];
translate([Type, Time, K, abs]) ->
    due(Time),
    [{timeout_type(Type), erlang:monotonic_time(millisecond) + Time, K, {abs, true}}].

%% Which of two timers that are due at about the same time is first, is chance: nothing to be recorded.
due(Time) ->
    Due = erlang:monotonic_time(millisecond) + Time,
    Others = case get(due) of undefined -> []; List -> List end,
    lists:any(fun(Other) -> abs(Due - Other) < 15 end, Others) andalso tell(stale),
    put(due, [Due | Others]).

timeout_type(Type) when Type =:= timeout; Type =:= state_timeout -> Type;
timeout_type(Name) -> {timeout, Name}.

%% A machine with a handle_event function may have states that are no atoms, made anew each time.
complex(State) ->
    case get(scenario) of
        #{complex := true} -> {state, [State]};
        _ -> State
    end.

simple({state, [State]}) -> State;
simple(State) -> State.

%% ── JSON ──

print(Id, Scenario, Trace) ->
    io:put_chars([json(#{id => Id, scenario => Scenario, trace => Trace}), "\n"]).

json(Map) when is_map(Map) ->
    ["{", lists:join(",", [[json(K), ":", json(V)] || {K, V} <- lists:sort(maps:to_list(Map))]), "}"];
json(List) when is_list(List) -> ["[", lists:join(",", [json(Each) || Each <- List]), "]"];
json(Number) when is_integer(Number) -> integer_to_list(Number);
json(true) -> "true";
json(false) -> "false";
json(Atom) when is_atom(Atom) -> [$", atom_to_list(Atom), $"].
