//! A game with a loop of its own. Its scripts run a little in every frame, on the thread of the game, which never waits
//! for them: behaviours sleep and wait for events for as long as they like, and one that never stops computing costs
//! its share of a frame.
//!
//! The engine has no threads (`driven`). A frame is: tell the scripts what has happened, let them run (`Engine::turn`),
//! draw, sleep until the next frame.

mod world;

use std::sync::Arc;
use std::time::{Duration, Instant};

use aivi::{Call, Engine, HostModule, Limits, Turn};

use world::World;

/// A hundred frames a second.
const FRAME: Duration = Duration::from_millis(10);

/// What scripts may take of a frame.
const BUDGET: Duration = Duration::from_millis(4);

/// What a behaviour may use as long as it lives. It lives for the whole game, so neither its fuel nor its time is
/// limited: what it computes comes out of the frames' budget, which fibers take in turns.
fn behaviour() -> Limits {
    Limits::none().memory(1 << 20).fibers(50).messages(100)
}

const GUARD: &str = r#"
module guard
use game (walk, nextEvent)
use aivi.concurrency
export behave

// Walks up and down, and comes nearer when it hears something.
behave : Int -> Effect Text Unit
behave = id => do Effect {
  loop _ = Unit => {
    heard <- race (patrol id) (nextEvent id)
    walk id (if heard == "noise" then 100 else 1000)
    recurse Unit
  }
}

// Ends only by being cancelled.
patrol : Int -> Effect Text Text
patrol = id => do Effect {
  loop step = 1 => {
    sleep 20
    walk id step
    recurse (0 - step)
  }
}
"#;

const HOG: &str = "
module hog
export behave

behave : Int -> Effect Text Unit
behave = id => pure (count id)

count : Int -> Unit
count = n => count (n + 1)
";

const GLUTTON: &str = r#"
module glutton
export behave

behave : Int -> Effect Text Unit
behave = id => eat [id]

eat : List Int -> Effect Text Unit
eat = all => eat [...all, List.length all]
"#;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let world = play(100)?;
    for id in 0..world.len() {
        println!("guard {id} stands at {}, after {} steps", world.position(id), world.steps(id));
    }
    world.notes().iter().for_each(|note| println!("a behaviour has ended: {note}"));
    Ok(())
}

/// Plays so many frames with three guards, of which the last one hears a noise in each tenth frame, with a script that
/// hogs, and with one that would eat all memory.
fn play(frames: u32) -> Result<Arc<World>, Box<dyn std::error::Error>> {
    let world = Arc::new(World::new(3));
    let engine = Engine::builder().driven().module(module(&world)).limits(behaviour()).build()?;
    let guard = engine.compile("guard.aivi", GUARD)?.function::<(i64,), ()>("behave")?;
    let hog = engine.compile("hog.aivi", HOG)?.function::<(i64,), ()>("behave")?;

    let mut behaviours: Vec<Call<()>> = (0..world.len()).map(|id| guard.start((id as i64,))).collect();
    behaviours.push(hog.start((0,)));
    let mut glutton = Some(engine.compile("glutton.aivi", GLUTTON)?.function::<(i64,), ()>("behave")?.start((0,)));

    let begin = Instant::now();
    for frame in 0..frames {
        if frame % 10 == 9 {
            world.tell(world.len() - 1, "noise");
        }
        // Whether something is ready or not does not matter to a loop that comes back anyway.
        let left: Turn = engine.turn(BUDGET);
        debug_assert_ne!(left, Turn::Finished, "behaviours live as long as their calls are kept");
        // The game takes note of a behaviour that has ended, and goes on.
        if let Some(call) = glutton.take_if(|call| call.is_finished())
            && let Err(error) = call.wait()
        {
            world.note(error.to_string());
        }
        let next_frame = begin + FRAME * (frame + 1);
        std::thread::sleep(next_frame.saturating_duration_since(Instant::now()));
    }
    // Dropped calls are cancelled; the engine lets them clean up when it is dropped.
    drop((behaviours, glutton));
    Ok(world)
}

/// What scripts see of the game.
fn module(world: &Arc<World>) -> HostModule {
    let (walking, waiting) = (world.clone(), world.clone());
    HostModule::new("game")
        .effect("walk : Int -> Int -> Effect Text Unit", move |id: i64, by: i64| walking.walk(id, by))
        .future("nextEvent : Int -> Effect Text Text", move |id: i64| World::next_event(waiting.clone(), id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn behaviours_run_beside_each_other_and_beside_one_that_hogs() {
        let world = play(40).expect("it plays");
        assert!((0..3).all(|id| world.steps(id) >= 2), "all have walked");
        assert!((0..2).all(|id| (0..=1).contains(&world.position(id))), "up and down");
        assert!(world.position(2) >= 100, "it has heard the noise, and reacted");
        let notes = world.notes();
        assert!(notes.len() == 1 && notes[0].contains("memory"), "the glutton was stopped: {notes:?}");
    }
}
