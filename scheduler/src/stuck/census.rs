//! Who is suspected.

use std::collections::HashSet;

use crate::Task;
use crate::group::Kind;
use crate::run::Run;
use crate::runtime::Shared;
use crate::sync::Arc;
use crate::task::record::Raw;
use crate::wait::Waiting;

/// All tasks, and the suspects among them.
pub struct Census<T: Task> {
    /// In the order of dumps.
    pub suspects: Vec<Raw<T>>,
    /// Of which run each suspect is, by index.
    pub run_of: Vec<usize>,
    /// The runs, each with how many tasks it has.
    pub runs: Vec<(Arc<Run<T>>, usize)>,
    /// How many tasks there are.
    pub tasks: usize,
}

impl<T: Task> Census<T> {
    /// Counts. Only while the world is stopped.
    pub fn new(shared: &Shared<T>) -> Self {
        let mut census = Census { suspects: Vec::new(), run_of: Vec::new(), runs: Vec::new(), tasks: 0 };
        let mut spared = Vec::new();
        for run in shared.all_runs() {
            let before = census.tasks;
            // The stack is turned round, so that tasks come in the order of dumps.
            let mut stack = Vec::new();
            run.scope.visit(|member| stack.push(member));
            stack.extend(run.root.lock().as_ref().map(|root| root.raw()));
            let from = stack.len().saturating_sub(1);
            stack[..from].reverse();
            while let Some(raw) = stack.pop() {
                let from = stack.len();
                census.add(raw, &mut stack, &mut spared);
                stack[from..].reverse();
            }
            census.run_of.resize(census.suspects.len(), census.runs.len());
            census.runs.push((run, census.tasks - before));
        }
        let spared = below(spared);
        let mut is_suspect = census.suspects.iter().map(|suspect| !spared.contains(&suspect.address()));
        census.run_of.retain(|_| is_suspect.next().unwrap_or_default());
        census.suspects.retain(|suspect| !spared.contains(&suspect.address()));
        census
    }

    /// Counts one task; adds those below it, and to `spared` those that others will end in time.
    fn add(&mut self, raw: Raw<T>, below: &mut Vec<Raw<T>>, spared: &mut Vec<Raw<T>>) {
        // SAFETY: the world is stopped, so nobody ends, and what is in the tree lives.
        let record = unsafe { raw.get() };
        if record.has_ended() {
            return;
        }
        self.tasks += 1;
        // SAFETY: it has not ended; the world is stopped: nobody else is the running side.
        let (body, own) = unsafe { (record.body(), record.own()) };
        let is_suspect = match &own.waiting {
            Waiting::Send(..)
            | Waiting::Recv(..)
            | Waiting::Permits(_)
            | Waiting::Join(_)
            | Waiting::AllJoined(_)
            | Waiting::Select(_) => own.timer.is_none(),
            Waiting::Group => {
                let Some(group) = body.family.group() else { return };
                let mut group = group.lock();
                let is_bounded = group.kind == Kind::Timeout || group.kind.is_race();
                if is_bounded {
                    spared.extend(group.children());
                }
                below.extend(group.children());
                let scope = group.scope().cloned();
                drop(group);
                if let Some(scope) = scope {
                    scope.visit(|member| below.push(member));
                }
                !is_bounded
            }
            _ => false,
        };
        if is_suspect && record.state.load().is_waiting() {
            self.suspects.push(raw);
        }
    }
}

/// These and all that is below them, what they have spawned into scopes of others too: it is asked to end when they
/// are.
fn below<T: Task>(mut stack: Vec<Raw<T>>) -> HashSet<usize> {
    let mut found = HashSet::new();
    while let Some(raw) = stack.pop() {
        // SAFETY: as in `add`; nobody else is the running side.
        let record = unsafe { raw.get() };
        if record.has_ended() || !found.insert(raw.address()) {
            continue;
        }
        // SAFETY: as above.
        let (body, own) = unsafe { (record.body(), record.own()) };
        own.crews.each(|crew| crew.visit(|member| stack.push(member)));
        if own.waiting.is_group()
            && let Some(group) = body.family.group()
        {
            let mut group = group.lock();
            stack.extend(group.children());
            let scope = group.scope().cloned();
            drop(group);
            if let Some(scope) = scope {
                scope.visit(|member| stack.push(member));
            }
        }
    }
    found
}
