//! The table of infix operators.

use crate::lex::TokenKind;
use crate::syntax::ast::BinaryOp;

/// The level of `|>`, the loosest infix operator.
pub(super) const PIPE: u8 = 2;

/// The operator that `kind` writes and its level: higher binds tighter, all associate to the left.
pub(super) fn infix(kind: TokenKind) -> Option<(BinaryOp, u8)> {
    Some(match kind {
        TokenKind::PipeForward => (BinaryOp::PipeForward, PIPE),
        TokenKind::QuestionQuestion => (BinaryOp::Default, 3),
        TokenKind::OrOr => (BinaryOp::Or, 4),
        TokenKind::AndAnd => (BinaryOp::And, 5),
        TokenKind::EqualEqual => (BinaryOp::Equal, 6),
        TokenKind::NotEqual => (BinaryOp::NotEqual, 6),
        TokenKind::Less => (BinaryOp::Less, 7),
        TokenKind::LessEqual => (BinaryOp::LessEqual, 7),
        TokenKind::Greater => (BinaryOp::Greater, 7),
        TokenKind::GreaterEqual => (BinaryOp::GreaterEqual, 7),
        TokenKind::Plus => (BinaryOp::Add, 8),
        TokenKind::Minus => (BinaryOp::Subtract, 8),
        TokenKind::PlusPlus => (BinaryOp::Concat, 8),
        TokenKind::Star => (BinaryOp::Multiply, 9),
        TokenKind::Times => (BinaryOp::Times, 9),
        TokenKind::Slash => (BinaryOp::Divide, 9),
        TokenKind::Percent => (BinaryOp::Remainder, 9),
        _ => return None,
    })
}
