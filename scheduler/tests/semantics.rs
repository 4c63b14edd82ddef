//! The guarantees of the scheduler, one test each, on many seeds and on real workers.

mod toy;

use aivi_scheduler::{CancelKind, Outcome};
use toy::Op::*;
use toy::{Program, Test, everywhere, on_seeds, program};

/// Without channels of a given capacity.
const NONE: &[(usize, usize)] = &[];

fn p<const N: usize>(ops: [toy::Op; N]) -> Program {
    program(ops)
}

fn log_is(expected: &[&str]) -> impl Fn(&Test) {
    move |test| assert_eq!(test.log, expected, "{}", test.mode)
}

#[test]
fn a_root_gives_its_value() {
    everywhere(&p([Value(7)]), NONE, |test| assert_eq!(test.end, Outcome::Done(7)));
}

/// C2
#[test]
fn par_gives_both_and_waits_for_both() {
    let root = p([Par(p([Sleep(3), Value(1), Log("left")]), p([Sleep(1), Value(2), Log("right")])), LogLast("sum")]);
    on_seeds(50, &root, NONE, log_is(&["right", "left", "sum 3"]));
    everywhere(&root, NONE, |test| assert_eq!(test.log[2], "sum 3"));
}

/// C18
#[test]
fn rule_2_first_failure_of_par_cancels_the_other_and_awaits_its_cleanup() {
    let slow = p([Defer(p([Sleep(5), Log("cleaned")])), Sleep(1000), Log("never")]);
    let root = p([Par(slow, p([Sleep(1), Fail(4)])), Log("never")]);
    everywhere(&root, NONE, |test| {
        assert_eq!(test.end, Outcome::Failed(4));
        assert_eq!(test.log, ["cleaned"]);
    });
}

/// C18
#[test]
fn rule_2_at_the_same_instant_the_left_failure_counts() {
    let root = p([Par(p([Sleep(2), Fail(1)]), p([Sleep(2), Fail(2)]))]);
    on_seeds(200, &root, NONE, |test| assert_eq!(test.end, Outcome::Failed(1), "{}", test.mode));
}

/// C17
#[test]
fn rule_2_a_fault_outranks_a_failure() {
    let faulty_cleanup = p([Defer(p([Fault("bug")])), Sleep(10)]);
    let root = p([Par(p([Sleep(1), Fail(1)]), faulty_cleanup)]);
    everywhere(&root, NONE, |test| assert_eq!(test.end, Outcome::Faulted("bug".into())));
}

/// C19
#[test]
fn rule_3_the_first_completion_wins_a_race() {
    let loser = p([Defer(p([Sleep(1), Log("cleaned")])), Sleep(1000), Value(2)]);
    everywhere(&p([Race(loser.clone(), p([Sleep(1), Value(1)])), LogLast("won")]), NONE, log_is(&["cleaned", "won 1"]));
    everywhere(&p([Race(loser, p([Sleep(1), Fail(3)]))]), NONE, |test| assert_eq!(test.end, Outcome::Failed(3)));
}

/// C19
#[test]
fn rule_3_left_wins_when_both_are_ready_at_once() {
    let timers = p([Race(p([Sleep(2), Value(1)]), p([Sleep(2), Value(2)])), LogLast("won")]);
    on_seeds(200, &timers, NONE, log_is(&["won 1"]));
    let at_once = p([Race(p([Value(1)]), p([Value(2)])), LogLast("won")]);
    on_seeds(200, &at_once, NONE, log_is(&["won 1"]));
}

/// C19
#[test]
fn rule_3_a_loser_s_fault_is_reported() {
    let root = p([Race(p([Value(1)]), p([Defer(p([Fault("bug")])), Sleep(1000)])), LogLast("won")]);
    on_seeds(50, &root, NONE, |test| {
        assert_eq!(test.log, ["won 1"]);
        assert!(test.reports.is_empty() || test.reports == ["lost bug"], "{:?}", test.reports);
    });
    let started = p([Defer(p([Fault("bug")])), OpenLatch(0), Sleep(1000)]);
    let root = p([Race(p([WaitLatch(0), Value(1)]), started), LogLast("won")]);
    everywhere(&root, NONE, |test| assert_eq!(test.reports, ["lost bug"]));
}

/// C27
#[test]
fn timeout_cancels_the_body_and_awaits_its_cleanup() {
    let body = p([Defer(p([Sleep(3), Log("cleaned")])), Forever(p([Sleep(1)]))]);
    let root = p([Timeout(5, body), LogLast("timeout"), LogTime("at")]);
    on_seeds(50, &root, NONE, log_is(&["cleaned", "timeout -1000003", "at 8"]));
    let pure = p([Timeout(5, p([Forever(p([Work(1000)]))])), LogLast("timeout")]);
    everywhere(&pure, NONE, log_is(&["timeout -1000003"]));
}

/// C27
#[test]
fn a_body_that_completes_at_the_deadline_wins() {
    let root = p([Timeout(5, p([Sleep(5), Value(1)])), LogLast("got")]);
    on_seeds(200, &root, NONE, log_is(&["got 1"]));
    let in_time = p([Timeout(50_000, p([Sleep(5), Value(1)])), LogLast("got")]);
    everywhere(&in_time, NONE, log_is(&["got 1"]));
}

/// C28
#[test]
fn the_smaller_of_nested_deadlines_wins() {
    let inner_first = p([Timeout(9, p([Timeout(5, p([Sleep(99)])), LogLast("inner")])), LogLast("outer")]);
    on_seeds(50, &inner_first, NONE, log_is(&["inner -1000003", "outer -1000003"]));
    let outer_first = p([Timeout(5, p([Timeout(9, p([Sleep(99)])), LogLast("inner")])), LogLast("outer")]);
    on_seeds(50, &outer_first, NONE, log_is(&["outer -1000003"]));
    let equal = p([Timeout(5, p([Timeout(5, p([Sleep(99)])), LogLast("inner")])), LogLast("outer")]);
    on_seeds(50, &equal, NONE, log_is(&["outer -1000003"]));
}

/// C3
#[test]
fn rule_4_the_end_of_the_body_cancels_members_and_awaits_their_cleanups() {
    let member = p([Defer(p([Sleep(2), Log("cleaned")])), OpenLatch(0), Sleep(1000)]);
    let root = p([Scope(0, p([Spawn(0, member), WaitLatch(0), Value(5)])), LogLast("scope")]);
    everywhere(&root, NONE, log_is(&["cleaned", "scope 5"]));
}

/// C23
#[test]
fn rule_4_an_unjoined_failure_is_reported_and_changes_nothing() {
    let root =
        p([Scope(0, p([Spawn(0, p([OpenLatch(0), Fail(3)])), WaitLatch(0), JoinAll(0), Value(1)])), LogLast("scope")]);
    everywhere(&root, NONE, |test| {
        assert_eq!(test.log, ["scope 1"]);
        assert_eq!(test.reports, ["unjoined 3"], "{}", test.mode);
    });
    let joined = p([Scope(0, p([Spawn(0, p([Fail(3)])), Join(0), LogLast("joined")]))]);
    everywhere(&joined, NONE, |test| {
        assert_eq!(test.log, ["joined -3"]);
        assert!(test.reports.is_empty());
    });
}

/// C20
#[test]
fn rule_4_a_member_s_fault_cancels_the_scope_at_once() {
    let body =
        p([Defer(p([Log("body cleaned")])), Spawn(0, p([Sleep(1), Fault("bug")])), Sleep(100_000), Log("never")]);
    everywhere(&p([Scope(0, body)]), NONE, |test| {
        assert_eq!(test.end, Outcome::Faulted("bug".into()));
        assert_eq!(test.log, ["body cleaned"]);
    });
    let at_root = p([Spawn(0, p([Fault("bug")])), Sleep(100_000), Log("never")]);
    everywhere(&at_root, NONE, |test| assert_eq!(test.end, Outcome::Faulted("bug".into())));
}

/// C4
#[test]
fn rule_4_spawning_into_an_ended_scope_is_refused() {
    let root =
        p([Scope(0, p([Value(1)])), SpawnIn(0, 0, p([Log("never")])), LogLast("spawn"), JoinAll(0), LogLast("all")]);
    everywhere(&root, NONE, log_is(&["spawn -1000006", "all -1000006"]));
}

/// C1
#[test]
fn leftovers_of_the_root_are_cancelled_and_cleaned() {
    let root =
        p([Spawn(0, p([Defer(p([Sleep(2), Log("cleaned")])), OpenLatch(0), Sleep(1000)])), WaitLatch(0), Value(1)]);
    everywhere(&root, NONE, |test| {
        assert_eq!((&test.end, &*test.log), (&Outcome::Done(1), &["cleaned".to_owned()][..]));
    });
}

/// C3: of one spawner, and of several.
#[test]
fn every_leftover_of_a_scope_is_cancelled_and_cleaned() {
    let member = p([Defer(p([Log("cleaned")])), Sleep(50_000)]);
    let spawner = p([Repeat(5, p([Spawn(1, member.clone())])), Sleep(50_000)]);
    let body = p([Spawn(2, spawner), Repeat(4, p([Spawn(3, member)])), Sleep(20), Value(1)]);
    let root = p([Scope(0, body), LogLast("scope")]);
    on_seeds(50, &root, NONE, |test| {
        assert_eq!(test.log.iter().filter(|line| *line == "cleaned").count(), 9, "{}", test.mode);
        assert_eq!(test.log.last().map(String::as_str), Some("scope 1"));
    });
    everywhere(&root, NONE, |test| assert_eq!(test.log.last().map(String::as_str), Some("scope 1")));
}

/// C5
#[test]
fn rule_5_a_spawned_task_is_queued() {
    let root = p([Spawn(0, p([Log("child")])), Log("parent"), Join(0)]);
    on_seeds(50, &root, NONE, log_is(&["parent", "child"]));
}

/// C21
#[test]
fn rule_6_joining_gives_the_settled_outcome_to_everybody_every_time() {
    let twice = p([Join(0), LogLast("join"), Join(0), LogLast("join")]);
    let root = p([Spawn(0, p([Sleep(2), Value(7)])), Par(twice.clone(), twice)]);
    everywhere(&root, NONE, |test| assert_eq!(test.log, ["join 7"; 4]));
    let cancelled = p([Spawn(0, p([Sleep(1000)])), Cancel(0), Join(0), LogLast("join")]);
    everywhere(&cancelled, NONE, log_is(&["join -1000002"]));
}

/// C22
#[test]
fn cancelling_the_joiner_leaves_the_task_alone() {
    let root = p([Spawn(0, p([Sleep(9), Value(7)])), Timeout(1, p([Join(0), Log("never")])), Join(0), LogLast("join")]);
    on_seeds(50, &root, NONE, log_is(&["join 7"]));
}

/// C11
#[test]
fn rule_7_a_task_that_was_cancelled_before_it_started_never_runs() {
    let root = p([Spawn(0, p([Log("ran")])), Cancel(0), IsCancelled(0), LogLast("asked"), Join(0), LogLast("join")]);
    on_seeds(50, &root, NONE, log_is(&["asked 1", "join -1000002"]));
}

/// C11
#[test]
fn rule_7_a_finished_task_is_not_cancelled_by_a_late_request() {
    let root = p([Spawn(0, p([Value(1)])), Join(0), Cancel(0), Cancel(0), IsCancelled(0), LogLast("asked")]);
    everywhere(&root, NONE, log_is(&["asked 0"]));
}

/// C10
#[test]
fn cancelling_a_spawner_cancels_what_it_spawned() {
    let child = p([Defer(p([Log("child")])), OpenLatch(0), Sleep(100_000)]);
    let parent = p([Spawn(1, child), WaitLatch(0), OpenLatch(1), Sleep(100_000)]);
    let root = p([Spawn(0, parent), WaitLatch(1), Cancel(0), Join(0), Join(1), LogLast("join")]);
    everywhere(&root, NONE, log_is(&["child", "join -1000002"]));
}

/// C2
#[test]
fn an_owner_that_is_cancelled_waits_for_its_children() {
    let branch = |line| p([Defer(p([Sleep(2), Log(line)])), Sleep(1000)]);
    let root = p([Timeout(1, p([Par(branch("a"), branch("a"))])), LogLast("timeout")]);
    on_seeds(50, &root, NONE, log_is(&["a", "a", "timeout -1000003"]));
}

/// C13 C15
#[test]
fn cleanups_are_masked_and_run_in_reverse_order() {
    let task = p([
        Defer(p([Sleep(5), Log("first")])),
        Defer(p([OpenLatch(1), Sleep(5), Log("second")])),
        OpenLatch(0),
        Sleep(9999),
    ]);
    let root = p([Spawn(0, task), WaitLatch(0), Cancel(0), WaitLatch(1), Cancel(0), Join(0), Log("joined")]);
    everywhere(&root, NONE, log_is(&["second", "first", "joined"]));
}

/// C25
#[test]
fn zero_sleep_lets_others_go_first() {
    let root = p([Par(p([Log("a1"), Sleep(0), Log("a2")]), p([Log("b1"), Sleep(0), Log("b2")]))]);
    everywhere(&root, NONE, |test| assert_eq!(test.log.len(), 4));
    on_seeds(1, &root, NONE, log_is(&["a1", "b1", "a2", "b2"]));
}

/// C41
#[test]
fn tasks_that_are_always_ready_do_not_stop_time() {
    let naps = p([Timeout(5, p([Forever(p([Sleep(0)]))])), LogLast("timeout")]);
    on_seeds(3, &naps, NONE, log_is(&["timeout -1000003"]));
    let talk = |from, to| p([Forever(p([Recv(from), Send(to, 1)]))]);
    let root = p([Send(0, 1), Timeout(5, p([Par(talk(0, 1), talk(1, 0))])), LogLast("timeout")]);
    on_seeds(3, &root, &[(0, 1), (1, 1)], log_is(&["timeout -1000003"]));
}

/// C25
#[test]
fn sleepers_wake_in_order_of_their_deadlines() {
    let sleeper = |units, line| p([Sleep(units), Log(line)]);
    let root = p([Par(p([Par(sleeper(3, "3"), sleeper(1, "1"))]), p([Par(sleeper(2, "2"), sleeper(4, "4"))]))]);
    on_seeds(50, &root, NONE, log_is(&["1", "2", "3", "4"]));
}

/// C30
#[test]
fn a_bounded_channel_holds_back_its_senders_in_order() {
    let sender = p([Send(0, 1), Send(0, 2), Send(0, 3), Send(0, 4), Log("sent"), Close(0)]);
    let root = p([Spawn(0, sender), Sleep(1), Log("slept"), Drain(0)]);
    on_seeds(50, &root, &[(0, 2)], |test| {
        assert_eq!(test.log, ["slept", "sent"]);
        assert_eq!(test.received, [1, 2, 3, 4]);
    });
    everywhere(&root, &[(0, 2)], |test| assert_eq!(test.received, [1, 2, 3, 4]));
}

/// C31
#[test]
fn a_rendezvous_returns_when_the_value_was_taken() {
    let sender = p([Send(0, 1), Log("taken")]);
    let root = p([Spawn(0, sender), Sleep(2), Log("receiving"), Recv(0), Join(0)]);
    on_seeds(50, &root, &[(0, 0)], log_is(&["receiving", "taken"]));
    let many = p([Spawn(0, p([Repeat(100, p([Send(0, 5)])), Close(0)])), Drain(0)]);
    everywhere(&many, &[(0, 0)], |test| assert_eq!(test.received, [5; 100]));
}

/// C32
#[test]
fn rule_11_sends_that_wait_are_delivered_before_the_close() {
    let root = p([
        Send(0, 1),
        Spawn(0, p([Send(0, 2)])),
        Spawn(1, p([Send(0, 3)])),
        Sleep(1),
        Close(0),
        Close(0),
        Drain(0),
        Recv(0),
        LogLast("end"),
    ]);
    on_seeds(50, &root, &[(0, 1)], |test| {
        assert_eq!(test.log, ["end -1000001"]);
        assert_eq!(test.received.len(), 3);
    });
}

/// C33
#[test]
fn rule_10_a_send_after_the_close_is_told_and_tries_never_wait() {
    let root = p([
        TryRecv(0),
        LogLast("a"),
        TrySend(0, 1),
        TrySend(0, 2),
        LogLast("b"),
        Close(0),
        TrySend(0, 3),
        LogLast("c"),
        TryRecv(0),
        LogLast("d"),
        TryRecv(0),
        LogLast("e"),
        Send(0, 9),
    ]);
    everywhere(&root, &[(0, 1)], |test| {
        assert_eq!(test.log, ["a -1000004", "b -1000005", "c -1000001", "d 1", "e -1000001"]);
        assert_eq!(test.end, Outcome::Faulted("channel is closed".into()));
    });
}

/// C32
#[test]
fn closing_wakes_every_receiver() {
    let receiver = p([Recv(0), LogLast("got")]);
    let root = p([Spawn(0, receiver.clone()), Spawn(1, receiver), Sleep(1), Close(0), Join(0), Join(1)]);
    everywhere(&root, NONE, log_is(&["got -1000001", "got -1000001"]));
}

/// C12
#[test]
fn a_cancelled_receiver_loses_no_message() {
    let root = p([Spawn(0, p([Recv(0), Recv(0)])), Sleep(1), Cancel(0), Send(0, 1), Join(0), TryRecv(0)]);
    everywhere(&root, NONE, |test| assert_eq!(test.received, [1], "{}", test.mode));
}

/// C12
#[test]
fn a_cancelled_sender_delivers_nothing() {
    let root = p([Send(0, 1), Spawn(0, p([Send(0, 2)])), Sleep(2), Cancel(0), Join(0), Close(0), Drain(0)]);
    on_seeds(50, &root, &[(0, 1)], |test| assert_eq!(test.received, [1]));
}

/// C30
#[test]
fn receivers_are_served_in_order() {
    let receiver = |line| p([Recv(0), LogLast(line)]);
    let root = p([
        Spawn(0, receiver("a")),
        Sleep(1),
        Spawn(1, receiver("b")),
        Sleep(1),
        Send(0, 1),
        Send(0, 2),
        Join(0),
        Join(1),
    ]);
    on_seeds(50, &root, NONE, |test| {
        let mut log = test.log.clone();
        log.sort();
        assert_eq!(log, ["a 1", "b 2"]);
    });
}

/// C3
#[test]
fn join_all_waits_for_all_members_but_the_caller() {
    let member = |units| p([Sleep(units), Log("member")]);
    let root =
        p([Scope(0, p([Spawn(0, member(1)), Spawn(1, member(3)), SpawnIn(0, 2, member(2)), JoinAll(0), Log("all")]))]);
    everywhere(&root, NONE, log_is(&["member", "member", "member", "all"]));
    let inside = p([Spawn(0, member(3)), JoinAll(0), Log("all")]);
    let root = p([Scope(0, p([SpawnIn(0, 1, inside), Join(1)]))]);
    everywhere(&root, NONE, log_is(&["member", "all"]));
}

#[test]
fn latches_let_everybody_through_once_open() {
    let waiter = p([WaitLatch(0), Log("through")]);
    let root = p([
        Spawn(0, waiter.clone()),
        Spawn(1, waiter),
        Sleep(1),
        OpenLatch(0),
        Join(0),
        Join(1),
        WaitLatch(0),
        Log("end"),
    ]);
    everywhere(&root, NONE, log_is(&["through", "through", "end"]));
}

#[test]
fn blocking_jobs_give_their_value_or_their_panic() {
    everywhere(&p([Blocking(8), LogLast("job")]), NONE, log_is(&["job 8"]));
    everywhere(&p([BlockingPanic]), NONE, |test| assert_eq!(test.end, Outcome::Faulted("job failed".into())));
}

/// C21
#[test]
fn joining_oneself_is_noticed() {
    let root = p([Spawn(0, p([Sleep(1), Join(0)])), Join(0)]);
    everywhere(&root, NONE, |test| assert_eq!(test.end, Outcome::Faulted("joins itself".into())));
}

/// C38
#[test]
fn rule_12_a_deadlock_is_a_fault_with_a_report() {
    let root = p([
        Defer(p([Log("cleaned")])),
        Spawn(0, p([Defer(p([Log("member cleaned")])), Recv(1)])),
        Recv(0),
        Log("never"),
    ]);
    everywhere(&root, NONE, |test| {
        let Outcome::Faulted(text) = &test.end else { panic!("{:?} in {}", test.end, test.mode) };
        assert!(text.starts_with("deadlock\n") && text.matches("for recv").count() == 2, "{text}");
        assert_eq!(test.log, ["cleaned", "member cleaned"]);
    });
    let in_group = p([Par(p([Recv(0)]), p([Defer(p([Log("cleaned")])), Recv(0)]))]);
    everywhere(&in_group, NONE, |test| {
        assert!(matches!(&test.end, Outcome::Faulted(text) if text.contains("for par ")), "{:?}", test.end);
        assert_eq!(test.log, ["cleaned"]);
    });
}

/// C38
#[test]
fn rule_12_a_second_deadlock_ends_the_run() {
    let root = p([
        Defer(p([Recv(1), Log("never")])),
        Par(p([Recv(0)]), p([Defer(p([Recv(2)])), Spawn(0, p([Recv(3)])), Recv(0)])),
    ]);
    everywhere(&root, NONE, |test| {
        assert!(matches!(&test.end, Outcome::Faulted(_)), "{:?}", test.end);
        assert!(test.reports.iter().any(|report| report.starts_with("given up")), "{:?}", test.reports);
        assert!(test.log.is_empty());
    });
}

/// C38: whatever the cleanups that wait belong to.
#[test]
fn rule_12_tasks_of_scopes_are_given_up_too() {
    let stuck = p([Defer(p([Recv(2), Log("never")])), Recv(1)]);
    let body = p([Repeat(3, p([Spawn(0, stuck)])), Recv(0)]);
    everywhere(&p([Scope(0, body)]), NONE, |test| {
        assert!(matches!(&test.end, Outcome::Faulted(_)), "{:?}", test.end);
        assert!(test.reports.iter().any(|report| report.starts_with("given up")), "{:?}", test.reports);
        assert!(test.log.is_empty());
    });
}

/// C9 C39
#[test]
fn exit_cancels_the_root_and_cleanups_run() {
    let root = p([
        Defer(p([Log("root cleaned")])),
        Spawn(0, p([Defer(p([Log("member cleaned")])), OpenLatch(0), Sleep(9)])),
        WaitLatch(0),
        Exit(3),
        Sleep(1000),
    ]);
    everywhere(&root, NONE, |test| {
        assert!(
            matches!(&test.end, Outcome::Cancelled(reason) if reason.kind == CancelKind::Exit(3) && reason.place.0 == 3),
            "{:?}",
            test.end
        );
        let mut log = test.log.clone();
        log.sort();
        assert_eq!(log, ["member cleaned", "root cleaned"]);
    });
}

/// C8 C36
#[test]
fn a_task_that_computes_stops_neither_others_nor_its_own_cancellation() {
    let root = p([Spawn(0, p([Forever(p([Work(500)]))])), Sleep(2), Log("slept"), Cancel(0), Join(0), LogLast("join")]);
    everywhere(&root, NONE, log_is(&["slept", "join -1000002"]));
}

#[test]
fn deep_trees_end_without_recursion() {
    let mut tree = p([Value(1)]);
    for _ in 0..2000 {
        tree = p([Par(tree, p([Value(0)]))]);
    }
    on_seeds(2, &tree, NONE, |test| assert_eq!(test.end, Outcome::Done(1)));
    let mut stuck = p([Recv(0)]);
    for _ in 0..2000 {
        stuck = p([Scope(0, stuck)]);
    }
    on_seeds(2, &stuck, NONE, |test| assert!(matches!(test.end, Outcome::Faulted(_))));
}
