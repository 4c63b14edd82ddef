//! The table of diagnostic codes: number, severity, one-line summary. `spec/errors.md` is generated from it.

/// How bad a report is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Severity {
    /// The program runs all the same.
    Warning,
    /// Nothing is run.
    Error,
}

macro_rules! codes {
    ($($name:ident $severity:ident $summary:literal)*) => {
        /// A diagnostic code.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum Code { $(#[doc = $summary] $name,)* }

        impl Code {
            /// Every code, in table order.
            pub const ALL: &[Code] = &[$(Code::$name,)*];

            /// `E3000` and the like.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Code::$name => stringify!($name),)* }
            }

            /// Error or warning.
            #[must_use]
            pub fn severity(self) -> Severity {
                match self { $(Code::$name => Severity::$severity,)* }
            }

            /// What the code is about.
            #[must_use]
            pub fn summary(self) -> &'static str {
                match self { $(Code::$name => $summary,)* }
            }
        }
    };
}

codes! {
    E1000 Error "stray character"
    E1001 Error "text literal is not closed"
    E1002 Error "integer literal is too large"
    E1003 Error "bracket does not match"
    E1004 Error "bracket is not closed"
    E1005 Error "sigil is not closed"
    E1006 Error "semicolon"
    E1007 Error "comment is not closed"
    E1008 Error "nested too deeply"
    E1500 Error "keyword expected"
    E1501 Error "symbol expected"
    E1502 Error "expression expected"
    E1503 Error "pattern expected"
    E1504 Error "type expected"
    E1505 Error "declaration expected"
    E1506 Error "call with parentheses and commas"
    E1507 Error "placeholder is the whole argument"
    E1508 Error "unknown decorator"
    E1509 Error "word or sign of another language"
    E1524 Error "separator expected"
    E1525 Error "field expected"
    E1526 Error "field is given twice"
    E1527 Error "field without value"
    E1528 Error "signature and body on one line"
    E1529 Error "signature inside of a block"
    E1530 Error "arm of `or` does not start with `Err`"
    E1531 Error "last arm of `or` does not catch everything"
    E1532 Error "arms of `or` mix Result and effect form"
    E1533 Error "`loop` outside of `do Effect` and `generate`"
    E1534 Error "`yield` outside of `generate` and `resource`"
    E1535 Error "`recurse` is not in tail position of a loop"
    E1536 Error "`<-` outside of a block that runs"
    E1538 Error "field of a record pattern expected"
    E1539 Error "parameters left of `=`"
    E1540 Error "statement needs `do Effect`"
    E1541 Error "`or` after `<-` needs `do Effect`"
    E1543 Error "`loop` needs `do Effect`"
    E1550 Error "a resource needs exactly one `yield`"
    E1900 Error "part of the language that this version does not have"
    E2000 Error "module is defined twice"
    E2001 Error "exported twice"
    E2002 Error "unknown module"
    E2003 Error "name is not exported"
    E2004 Error "modules import each other in a circle"
    E2005 Error "ambiguous name"
    E2006 Error "module header is missing"
    E2007 Error "defined twice"
    E2008 Error "`main` is missing or not an effect"
    E3000 Error "unknown name or type mismatch"
    E3001 Error "unknown type"
    E3002 Error "variable occurs twice in a pattern"
    E3003 Error "signature without binding"
    E3010 Error "ambiguous suffix"
    E3020 Error "effect bound with `=`"
    E3021 Error "pattern can fail"
    E3022 Error "no equality for functions, effects and handles"
    E3023 Error "infinite type"
    E3100 Error "match does not cover every case"
    E4000 Error "program is too large for the machine"
    W1001 Warning "unknown escape"
    W2100 Warning "unused import"
    W2101 Warning "unused local binding"
    W2102 Warning "import made redundant by another"
    W2103 Warning "import shadowed by a definition"
    W2104 Warning "later import wins"
    W2500 Warning "deprecated"
    W3101 Warning "arm is never reached"
}
