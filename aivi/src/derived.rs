//! What [`Aivi`](crate::Aivi) derives with, also for whoever implements [`AiviType`](crate::AiviType),
//! [`IntoAivi`](crate::IntoAivi) and [`FromAivi`](crate::FromAivi) by hand for records and sum types.
//!
//! ```
//! #[derive(aivi::Aivi)]
//! enum Order {
//!     Wait,
//!     Go { speed: f64, #[aivi(rename = "where")] to: (i64, i64) },
//! }
//! # let _ = [Order::Wait, Order::Go { speed: 1.0, to: (1, 2) }];
//! let text = aivi::HostModule::new("game").declare::<Order>().text();
//! assert!(text.contains("Order = Wait | Go { speed: Float, where: (Int, Int) }"));
//! ```
//!
//! A struct without fields or with several nameless ones has no counterpart:
//!
//! ```compile_fail
//! #[derive(aivi::Aivi)]
//! struct Point(f64, f64);
//! ```
//!
//! ```compile_fail
//! #[derive(aivi::Aivi)]
//! struct Nothing;
//! ```
//!
//! Nor has an enum without variants, a union, or what does not own its parts:
//!
//! ```compile_fail
//! #[derive(aivi::Aivi)]
//! enum Never {}
//! ```
//!
//! ```compile_fail
//! #[derive(aivi::Aivi)]
//! struct Name<'a> {
//!     text: &'a str,
//! }
//! ```
//!
//! Fields begin with a small letter in AIVI, types and constructors with a capital one, and `rename` is the only
//! attribute:
//!
//! ```compile_fail
//! #[derive(aivi::Aivi)]
//! struct Record {
//!     #[aivi(rename = "Upper")]
//!     field: i64,
//! }
//! ```
//!
//! ```compile_fail
//! #[derive(aivi::Aivi)]
//! struct Record {
//!     #[aivi(name = "other")]
//!     field: i64,
//! }
//! ```
//!
//! Every field has a type that can be converted:
//!
//! ```compile_fail
//! #[derive(aivi::Aivi)]
//! struct Record {
//!     thread: std::thread::ThreadId,
//! }
//! ```

pub use crate::convert::{Constructor, Declaration, Declarations, Placeholder, RecordType, nested};
