//! What a client is told.

use std::error::Error;
use std::fmt;

use aivi::{CallError, Level, Limit, LimitReport};
use http_body_util::LengthLimitError;
use hyper::StatusCode;

/// An answer.
pub enum Answer {
    /// The script has done it.
    Done(String),
    /// There is nothing at this place.
    NotFound,
    /// The script is not correct: why.
    Incorrect(String),
    /// The script is too long, or did not arrive.
    Unread(StatusCode, String),
    /// The script fails with an error of its own.
    Failed(String),
    /// The script has a bug: which, and where.
    Faulty(String),
    /// It was stopped at a limit.
    Stopped(LimitReport),
}

impl Answer {
    /// The body of a request could not be read.
    pub fn too_long(error: &(dyn Error + 'static)) -> Answer {
        let is_length = error.is::<LengthLimitError>();
        Answer::Unread(
            if is_length { StatusCode::PAYLOAD_TOO_LARGE } else { StatusCode::BAD_REQUEST },
            error.to_string(),
        )
    }

    /// Its number.
    pub fn status(&self) -> StatusCode {
        match self {
            Answer::Done(_) => StatusCode::OK,
            Answer::NotFound => StatusCode::NOT_FOUND,
            Answer::Incorrect(_) => StatusCode::BAD_REQUEST,
            Answer::Unread(status, _) => *status,
            Answer::Failed(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Answer::Faulty(_) => StatusCode::INTERNAL_SERVER_ERROR,
            Answer::Stopped(report) => match (&report.level, report.what) {
                (Level::Budget(_), _) => StatusCode::TOO_MANY_REQUESTS,
                (Level::Engine, _) => StatusCode::SERVICE_UNAVAILABLE,
                (_, Limit::Time) => StatusCode::GATEWAY_TIMEOUT,
                (_, Limit::Memory) => StatusCode::PAYLOAD_TOO_LARGE,
                _ => StatusCode::UNPROCESSABLE_ENTITY,
            },
        }
    }
}

impl From<CallError> for Answer {
    fn from(error: CallError) -> Answer {
        match error {
            CallError::Limit(report) => Answer::Stopped(report),
            CallError::Failure(error) => Answer::Failed(error),
            CallError::Lookup(_) | CallError::Mismatch(_) => Answer::Incorrect(error.to_string()),
            CallError::Fault(_) | CallError::Ended(_) | CallError::Cancelled => Answer::Faulty(error.to_string()),
        }
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Answer::Done(text) | Answer::Incorrect(text) | Answer::Unread(_, text) => f.write_str(text),
            Answer::Failed(text) | Answer::Faulty(text) => f.write_str(text),
            Answer::NotFound => f.write_str("POST /run?INPUT with a script, and the header Tenant"),
            Answer::Stopped(report) => write!(f, "{report}"),
        }
    }
}
