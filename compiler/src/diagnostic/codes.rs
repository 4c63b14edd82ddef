//! The table of diagnostic codes: number, severity, one-line summary, what it means and what to do. `spec/errors.md` is
//! generated from it and from the first golden case of each code.

/// How bad a report is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Severity {
    /// The program runs all the same.
    Warning,
    /// Nothing is run.
    Error,
}

macro_rules! codes {
    ($($name:ident $severity:ident $summary:literal $advice:literal)*) => {
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

            /// What it means and what to do, in a sentence or two of Markdown.
            #[must_use]
            pub fn advice(self) -> &'static str {
                match self { $(Code::$name => $advice,)* }
            }
        }
    };
}

codes! {
    E1000 Error "stray character" "No token of the language starts with this character, or a literal of one character does not hold one."
    E1001 Error "text literal is not closed" "A text ends on the line where it begins, and so do its holes. Write a newline as `\\n`, a brace as `\\{`; bind a long hole to a name first."
    E1002 Error "integer literal is too large" "Integers have 64 bits. The least one has no literal: write `-9223372036854775807 - 1`."
    E1003 Error "bracket does not match" "A closing bracket stands where another one, or none, is open."
    E1004 Error "bracket is not closed" "The bracket is still open where a declaration begins at the left margin, where an outer bracket closes, or at the end of the file."
    E1005 Error "sigil is not closed" "A sigil such as ``~`…` `` ends at the delimiter that belongs to its first one."
    E1006 Error "semicolon" "A newline ends a statement and a declaration. Leave the semicolon out."
    E1007 Error "comment is not closed" "`/*` goes on until `*/`. Comments do not nest."
    E1008 Error "nested too deeply" "Expressions, patterns and types nest to some hundred levels. Give parts of this one names."
    E1500 Error "keyword expected" "A form of several words lacks one: `if … then … else`, `given … or`, `domain … over`."
    E1501 Error "symbol expected" "A sign that belongs here is missing, often `=>`, `=`, a closing bracket, or another sign stands in its place."
    E1502 Error "expression expected" "A value has to stand here."
    E1503 Error "pattern expected" "A pattern is a name, `_`, a literal other than a Float, a constructor with patterns, a tuple, a list or a record of patterns."
    E1504 Error "type expected" "A type has to stand here."
    E1505 Error "declaration expected" "The top level of a file has exports, imports, signatures, bindings, types and domains. An expression has to be bound to a name."
    E1506 Error "call with parentheses and commas" "A function is applied by writing its arguments behind it: `f a b`. `f (a, b)` has one argument, a tuple."
    E1507 Error "placeholder is the whole argument" "The function that takes a field is `.name`; `_.name` is for larger expressions."
    E1508 Error "unknown decorator" "The decorators are `@test`, `@no_prelude` and `@deprecated`."
    E1509 Error "word or sign of another language" "The help says what to write instead."
    E1524 Error "separator expected" "Statements and declarations end with a newline. Items of lists and records are separated by commas or newlines."
    E1525 Error "field expected" "A field is a lower-case name that is no keyword."
    E1526 Error "field is given twice" "Each field of a record, a record type or a pattern is written once."
    E1527 Error "field without value" "A record has `name: value` for each field; there is no short form outside of patterns."
    E1528 Error "signature and body on one line" "A signature is a declaration of its own, on a line of its own."
    E1529 Error "signature inside of a block" "Types of local names are inferred. A signature belongs to a binding at top level."
    E1530 Error "arm of `or` does not start with `Err`" "Behind `or` on a Result, arms take the error apart: `| Err pattern => …`."
    E1531 Error "last arm of `or` does not catch everything" "`or` has to give a value whatever the error is: end with `| Err _ => …`."
    E1532 Error "arms of `or` mix Result and effect form" "Arms behind `x <- effect or` match the bare error; arms that start with `Err` match a Result. One or the other."
    E1533 Error "`loop` outside of `do Effect` and `generate`" "A loop is a statement of a block that runs. Elsewhere, write a function that calls itself."
    E1534 Error "`yield` outside of `generate` and `resource`" "Only these two blocks give values on the way. In `do Effect` the last expression is the result."
    E1535 Error "`recurse` is not in tail position of a loop" "`recurse` starts the next turn, so nothing can be done with its value afterwards."
    E1536 Error "`<-` outside of a block that runs" "`<-` runs an effect, in `do Effect`, `generate` and `resource`. A value is bound with `=`."
    E1537 Error "`...` in a record pattern" "A record pattern may leave fields out without saying so."
    E1538 Error "field of a record pattern expected" "A record pattern lists fields by their names; the others need not be mentioned."
    E1539 Error "parameters left of `=`" "The name alone stands left of `=`; parameters belong to the function right of it."
    E1540 Error "statement needs `do Effect`" "`when`, `unless` and `given` decide about effects."
    E1541 Error "`or` after `<-` needs `do Effect`" "Only effects fail in a way that `or` behind `<-` can catch."
    E1543 Error "`loop` needs `do Effect`" "Blocks of other types have bindings and expressions only."
    E1550 Error "a resource needs exactly one `yield`" "What stands before `yield` acquires the resource, what follows releases it."
    E1900 Error "part of the language that this version does not have" "The form is known and may come later."
    E2000 Error "module is defined twice" "Two files say the same name behind `module`."
    E2001 Error "exported twice" "A name is listed once behind `export`."
    E2002 Error "unknown module" "There is no library module and no file of this name. A module `a.b` is the file `a/b.aivi`."
    E2003 Error "name is not exported" "The module does not have the name, or keeps it for itself."
    E2004 Error "modules import each other in a circle" "Move what both need into a third module."
    E2005 Error "ambiguous name" "Two imports bring different things under one name. Rename one with `as`, or import the module by name only."
    E2006 Error "module header is missing" "The first line of a file is `module` and its name."
    E2007 Error "defined twice" "A module defines a name once. In a block a later binding may hide an earlier one."
    E2008 Error "`main` is missing or not an effect" "A program starts with `main`, an effect such as `main : Effect Text Unit`."
    E3000 Error "unknown name or type mismatch" "A name means nothing where it stands, or a value has another type than its place needs. The second place of the report is what asks for the type."
    E3001 Error "unknown type" "The type is not declared or imported, or has another number of arguments. A type variable is lower case or one capital letter."
    E3002 Error "variable occurs twice in a pattern" "A pattern names each part once. Compare two parts in a guard: `when a == b`."
    E3003 Error "signature without binding" "A signature describes a binding of the same module, `name = value`."
    E3010 Error "ambiguous suffix" "Two active domains have this suffix. Import only one of them."
    E3020 Error "effect bound with `=`" "`=` would name the effect without running it. Run it with `<-`; to run it later, bind it at top level or make it a function."
    E3021 Error "pattern can fail" "Left of `=` and as a parameter only a pattern can stand that always matches. Take the other cases with `match`."
    E3022 Error "no equality for functions, effects and handles" "There is no way to tell whether two of them do the same. Compare data."
    E3023 Error "infinite type" "A value would have to contain its own type, such as a list that is its own item. Often an argument too many or too few."
    E3100 Error "match does not cover every case" "A value may come that no arm takes. Arms with a guard do not count."
    E4000 Error "program is too large for the machine" "A number of this program is beyond what a module can hold."
    W1001 Warning "unknown escape" "The backslash is left out. Escapes are `\\n \\r \\t \\0 \\\\ \\\" \\{ \\} \\u{HEX}`."
    W2100 Warning "unused import" "Nothing of it is used. Remove it."
    W2101 Warning "unused local binding" "Nothing uses the name. Remove it, or let it begin with `_`."
    W2102 Warning "import made redundant by another" "All of the module is imported already."
    W2103 Warning "import shadowed by a definition" "The module's own definition is what the name means. Remove the import, or rename it with `as`."
    W2104 Warning "later import wins" "Two modules that are imported whole export the name. Import it by name from the one that is meant."
    W2500 Warning "deprecated" "The module that has it says what to use instead."
    W3101 Warning "arm is never reached" "Arms above it take everything that it could."
}
