use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::time::Duration;

use aivi_bytecode::module::{Shape, well_known};

use super::*;

fn shapes() -> Shapes {
    let mut all = well_known::shapes();
    all.push(Shape::Record(vec!["millis".into()]));
    Shapes::new(&all, std::sync::Arc::default())
}

fn round<T: IntoAivi + FromAivi + Clone + PartialEq + fmt::Debug>(value: T) {
    let shapes = shapes();
    let there = value.clone().into_aivi(&shapes).expect("it fits");
    assert_eq!(T::from_aivi(&there, &shapes), Ok(value));
}

#[test]
fn values_go_there_and_back() {
    round(i64::MIN);
    round((u8::MAX, i8::MIN));
    round((u32::MAX, usize::MIN));
    round(0.1);
    round(true);
    round('→');
    round(());
    round("text".to_owned());
    round(vec![Some(1), None]);
    round::<Result<i64, String>>(Err("no".into()));
    round::<Result<Vec<()>, String>>(Ok(vec![(), ()]));
    round((1, "a".to_owned()));
    round(HashMap::from([("a".to_owned(), 1), ("b".to_owned(), 2)]));
    round(BTreeMap::from([((1, 2), BTreeSet::from([1, 2, 3]))]));
    round(Duration::from_millis(1500));
    round(Box::new(7));
}

#[test]
fn types_are_those_of_the_language() {
    let ty = <Result<Vec<(i64, Option<bool>)>, String>>::ty();
    assert_eq!(ty.to_string(), "Result Text (List (Int, Option Bool))");
    assert_eq!(<HashMap<u32, BTreeSet<char>>>::ty().to_string(), "Map Int (Set Char)");
    assert_eq!(Duration::ty().to_string(), "{ millis: Int }");
}

fn mismatch<T: FromAivi + fmt::Debug>(value: impl IntoAivi) -> String {
    let shapes = shapes();
    let there = value.into_aivi(&shapes).expect("it fits");
    T::from_aivi(&there, &shapes).expect_err("another type").to_string()
}

#[test]
fn what_does_not_fit_is_said() {
    assert_eq!(mismatch::<i64>(true), "expected Int, found Bool");
    assert_eq!(mismatch::<(i64, i64)>(Some(1)), "expected (Int, Int), found Option (Some)");
    assert_eq!(mismatch::<Option<i64>>(Ok::<i64, i64>(1)), "expected Option Int, found Result (Ok)");
    assert_eq!(mismatch::<bool>("seven"), "expected Bool, found Text");
    assert!((1, 2, 3).into_aivi(&shapes()).is_err(), "the program has no triples");
}

#[test]
fn numbers_out_of_range_are_refused() {
    assert_eq!(mismatch::<u8>(256), "expected an Int from 0 to 255, found 256");
    assert_eq!(mismatch::<u64>(-1), "expected an Int from 0 to 18446744073709551615, found -1");
    let too_large = u64::MAX.into_aivi(&shapes()).expect_err("no Int holds it");
    assert_eq!(too_large.to_string(), "expected an Int up to 9223372036854775807, found 18446744073709551615");
}

#[test]
fn the_way_to_what_does_not_fit_is_said() {
    assert_eq!(mismatch::<Vec<(i64, bool)>>(vec![(1, 2)]), "[0].1: expected Bool, found Int");
    let map = HashMap::from([("a".to_owned(), vec![300])]);
    assert_eq!(mismatch::<HashMap<String, Vec<u8>>>(map), "[\"a\"][0]: expected an Int from 0 to 255, found 300");
}
