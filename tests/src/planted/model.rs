//! What may come of a tree.

use std::collections::{BTreeSet, HashMap};

use super::{PERMITS, Tree, With};

/// How a tree may end.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Ended {
    /// With this value.
    Done(i64),
    /// With this failure.
    Failed(String),
    /// With a fault.
    Faulted,
}

/// Why a run is not what the model allows.
pub type Verdict = Result<(), String>;

impl Tree {
    /// The ends that it may have.
    #[must_use]
    pub fn ends(&self) -> BTreeSet<Ended> {
        match self {
            Tree::Value(value) => BTreeSet::from([Ended::Done(*value)]),
            Tree::Fail(number) => BTreeSet::from([Ended::Failed(format!("f{number}"))]),
            Tree::Fault => BTreeSet::from([Ended::Faulted]),
            Tree::Permit(_) => BTreeSet::from([Ended::Done(1)]),
            Tree::Stray(_) => BTreeSet::from([Ended::Done(3)]),
            Tree::Pipe { senders, count, .. } => {
                BTreeSet::from([Ended::Done((senders * count * (count + 1) / 2).cast_signed())])
            }
            Tree::Sleep(_, inner) | Tree::Spin(_, inner) | Tree::Hold(_, _, inner) | Tree::Retry(_, inner) => {
                inner.ends()
            }
            Tree::Par(left, right) => par(&left.ends(), &right.ends()),
            Tree::Race(left, right) => left.ends().into_iter().chain(right.ends()).collect(),
            Tree::Limit(0, _) => BTreeSet::from([Ended::Failed("late".to_owned())]),
            Tree::Limit(millis, inner) => {
                let late = (*millis < 1000).then(|| Ended::Failed("late".to_owned()));
                inner.ends().into_iter().chain(late).collect()
            }
            Tree::Rescue(inner) => inner.ends().into_iter().map(rescued).collect(),
            Tree::Task(with, inner) => match with {
                With::Join => inner.ends(),
                With::Cancel => inner.ends().into_iter().chain([Ended::Failed("task cancelled".to_owned())]).collect(),
                With::Leave => {
                    let fault = inner.ends().contains(&Ended::Faulted).then_some(Ended::Faulted);
                    fault.into_iter().chain([Ended::Done(7)]).collect()
                }
            },
        }
    }

    /// Whether this output and this end of the program are allowed.
    ///
    /// # Errors
    /// What is wrong.
    pub fn judge(&self, stdout: &str, faulted: bool) -> Verdict {
        let ends = self.ends();
        let lines: Vec<&str> = stdout.lines().collect();
        let (ended, holds) = match lines.as_slice() {
            [holds @ .., end, permits] if !faulted => {
                if *permits != format!("permits {PERMITS}") {
                    return Err(format!("not all of {PERMITS} permits are back: {permits}"));
                }
                (read(end)?, holds)
            }
            holds => (Ended::Faulted, holds),
        };
        if !ends.contains(&ended) {
            return Err(format!("{ended:?} is none of {ends:?}"));
        }
        self.released(holds)
    }

    /// Whether a run that was cancelled somewhere has given back what it took.
    ///
    /// # Errors
    /// What is wrong.
    pub fn judge_cancelled(&self, stdout: &str) -> Verdict {
        let lines: Vec<&str> = stdout.lines().filter(|line| line.starts_with(['+', '-'])).collect();
        self.released(&lines)
    }

    /// Whatever was taken was given back once, and after what was taken inside of it.
    fn released(&self, lines: &[&str]) -> Verdict {
        let mut parents = HashMap::new();
        self.parents(None, &mut parents);
        released(lines, &parents)
    }

    /// Which resource is held around which.
    fn parents(&self, around: Option<usize>, parents: &mut HashMap<usize, Option<usize>>) {
        match self {
            Tree::Hold(id, _, inner) => {
                parents.insert(*id, around);
                inner.parents(Some(*id), parents);
            }
            // It may outlive what is held where it was spawned.
            Tree::Stray(inner) => inner.parents(None, parents),
            Tree::Sleep(_, inner)
            | Tree::Spin(_, inner)
            | Tree::Limit(_, inner)
            | Tree::Retry(_, inner)
            | Tree::Rescue(inner)
            | Tree::Task(_, inner) => inner.parents(around, parents),
            Tree::Par(left, right) | Tree::Race(left, right) => {
                left.parents(around, parents);
                right.parents(around, parents);
            }
            Tree::Value(_) | Tree::Fail(_) | Tree::Fault | Tree::Permit(_) | Tree::Pipe { .. } => {}
        }
    }
}

fn par(left: &BTreeSet<Ended>, right: &BTreeSet<Ended>) -> BTreeSet<Ended> {
    let broken = left.iter().chain(right).filter(|end| !matches!(end, Ended::Done(_)));
    let mut ends: BTreeSet<Ended> = broken.cloned().collect();
    for (a, b) in left.iter().flat_map(|a| right.iter().map(move |b| (a, b))) {
        if let (Ended::Done(a), Ended::Done(b)) = (a, b) {
            ends.insert(Ended::Done(a + b));
        }
    }
    ends
}

fn rescued(end: Ended) -> Ended {
    match end {
        Ended::Failed(_) => Ended::Done(50),
        other => other,
    }
}

/// `end Ok 5`
fn read(line: &str) -> Result<Ended, String> {
    let value = line.strip_prefix("end Ok ").and_then(|text| text.trim_matches(['(', ')']).parse().ok());
    let failure = line.strip_prefix("end Err ");
    value
        .map(Ended::Done)
        .or(failure.map(|text| Ended::Failed(text.to_owned())))
        .ok_or_else(|| format!("no end: {line}"))
}

fn released(lines: &[&str], parents: &HashMap<usize, Option<usize>>) -> Verdict {
    let mut held = BTreeSet::new();
    for line in lines {
        let id = line.get(1..).and_then(|id| id.parse::<usize>().ok()).ok_or_else(|| format!("what is {line}?"))?;
        let around = parents.get(&id).ok_or_else(|| format!("no resource has the number {id}"))?;
        let fits = if line.starts_with('+') {
            around.is_none_or(|around| held.contains(&around)) && held.insert(id)
        } else {
            held.remove(&id) && !held.iter().any(|inner| parents[inner] == Some(id))
        };
        if !fits {
            return Err(format!("{line} does not fit behind what came before in {lines:?}"));
        }
    }
    if held.is_empty() { Ok(()) } else { Err(format!("{held:?} was never given back")) }
}
