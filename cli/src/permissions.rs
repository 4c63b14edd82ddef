//! What a program may do outside of itself, as options of `aivi run` and `aivi test`.
//!
//! Without any of them, everything. An `--allow-…` or `--deny` makes it nothing but what is allowed, a `--deny-…` takes
//! away from either.
//!
//! The options are made from a table, by a loop: two for each kind, and none of them has a place on the stack of its
//! own.

use aivi::{Capability, EngineBuilder, Power};
use clap::{Arg, ArgAction, ArgMatches, Args, Command, Error, FromArgMatches};

/// What was said by options.
#[derive(Debug, Clone, Default)]
pub struct Permissions {
    /// What is not allowed is denied.
    deny: bool,
    given: Vec<Given>,
}

/// One value of an option, or an option without one.
#[derive(Clone, Debug)]
struct Given {
    /// It is allowed, rather than denied.
    is_allowed: bool,
    /// The option as it was given, without the dashes.
    text: String,
    capabilities: Vec<Capability>,
}

/// A kind of things to do, which two options are about.
struct Kind {
    allow: &'static str,
    deny: &'static str,
    powers: &'static [Power],
    /// How a value is called in the help, and what it means; nothing for an option that takes none.
    value: Option<(&'static str, Meaning)>,
    help: &'static str,
}

/// The capabilities that a value means.
type Meaning = fn(&str) -> Vec<Capability>;

const KINDS: &[Kind] = &[
    Kind {
        allow: "allow-read",
        deny: "deny-read",
        powers: &[Power::Read],
        value: Some(("PATH", |path| vec![Capability::read(path)])),
        help: "Allow to read files: all, or these and what is in these directories",
    },
    Kind {
        allow: "allow-write",
        deny: "deny-write",
        powers: &[Power::Write],
        value: Some(("PATH", |path| vec![Capability::write(path)])),
        help: "Allow to write, make and remove files: all, or these and those in these directories",
    },
    Kind {
        allow: "allow-net",
        deny: "deny-net",
        powers: &[Power::Connect, Power::Listen],
        value: Some(("HOST", |host| vec![Capability::connect(host), Capability::listen(host)])),
        help: "Allow to connect and listen: everywhere, or at these hosts, such as localhost:8080, 10.0.0.0/8, *.example.org:80-90",
    },
    Kind {
        allow: "allow-env",
        deny: "deny-env",
        powers: &[Power::Environment],
        value: Some(("NAME", |name| vec![Capability::environment(name)])),
        help: "Allow variables of the environment: all, or these; MY_* are all that begin so",
    },
    Kind {
        allow: "allow-input",
        deny: "deny-input",
        powers: &[Power::Input],
        value: None,
        help: "Allow to read standard input",
    },
    Kind {
        allow: "allow-exit",
        deny: "deny-exit",
        powers: &[Power::Exit],
        value: None,
        help: "Allow to end with an exit code of its own",
    },
    Kind {
        allow: "allow-clock",
        deny: "deny-clock",
        powers: &[Power::Clock],
        value: None,
        help: "Allow to see the time of day",
    },
];

/// What the value of an option is when there is none; no argument of a process can have this character.
const ALL: &str = "\0";

const HEADING: &str = "Permissions (everything, without these; several values are parted by commas)";

impl Permissions {
    /// An engine whose programs may do so much.
    pub fn give(&self, builder: EngineBuilder) -> EngineBuilder {
        let is_narrow = self.deny || self.given.iter().any(|given| given.is_allowed);
        let builder = if is_narrow { builder } else { builder.allow(Capability::all()) };
        self.given.iter().fold(builder, |builder, given| {
            let say = if given.is_allowed { EngineBuilder::allow } else { EngineBuilder::deny };
            given.capabilities.iter().cloned().fold(builder, say)
        })
    }

    /// The options again, each behind a blank.
    pub fn words(&self) -> String {
        let deny = self.deny.then_some("deny");
        let given = self.given.iter().map(|given| &*given.text);
        deny.into_iter().chain(given).map(|word| format!(" --{word}")).collect()
    }
}

impl Args for Permissions {
    fn augment_args(command: Command) -> Command {
        let deny = "Deny what is not allowed, as any --allow-… does. A --deny-… wins over an --allow-…";
        let flag = |name| Arg::new(name).long(name).help_heading(HEADING).action(ArgAction::SetTrue);
        KINDS.iter().fold(command.arg(flag("deny").help(deny)), |command, kind| {
            let option = |name, is_allowed| match kind.value {
                None => flag(name),
                Some((value, meaning)) => flag(name)
                    .action(ArgAction::Append)
                    .value_name(value)
                    .num_args(0..)
                    .require_equals(true)
                    .value_delimiter(',')
                    .default_missing_value(ALL)
                    .value_parser(move |text: &str| Given::parse(name, is_allowed, text, kind.powers, meaning)),
            };
            command.arg(option(kind.allow, true).help(kind.help)).arg(option(kind.deny, false).help("Deny it"))
        })
    }

    fn augment_args_for_update(command: Command) -> Command {
        Permissions::augment_args(command)
    }
}

impl FromArgMatches for Permissions {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Permissions, Error> {
        let options = KINDS.iter().flat_map(|kind| [(kind, kind.allow, true), (kind, kind.deny, false)]);
        let given = options.flat_map(|(kind, name, is_allowed)| match kind.value {
            Some(_) => matches.get_many(name).into_iter().flatten().cloned().collect(),
            None if matches.get_flag(name) => vec![Given::all(name, is_allowed, kind.powers)],
            None => Vec::new(),
        });
        Ok(Permissions { deny: matches.get_flag("deny"), given: given.collect() })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Permissions::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Given {
    /// What an option says without a value.
    fn all(name: &str, is_allowed: bool, powers: &[Power]) -> Given {
        let capabilities = powers.iter().copied().map(Capability::any).collect();
        Given { is_allowed, text: name.to_owned(), capabilities }
    }

    fn parse(name: &str, is_allowed: bool, text: &str, powers: &[Power], meaning: Meaning) -> Result<Given, String> {
        if text == ALL {
            return Ok(Given::all(name, is_allowed, powers));
        }
        let capabilities = meaning(text);
        match capabilities.iter().find_map(Capability::mistake) {
            Some(mistake) => Err(mistake.to_owned()),
            None => Ok(Given { is_allowed, text: format!("{name}={text}"), capabilities }),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::Permissions;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        permissions: Permissions,
    }

    fn parse(words: &[&str]) -> Result<String, String> {
        let line = Line::try_parse_from(["aivi"].iter().chain(words)).map_err(|error| error.to_string())?;
        Ok(line.permissions.words())
    }

    #[test]
    fn options_are_given_again_as_they_were() {
        for (words, again) in [
            ("", ""),
            ("--deny", " --deny"),
            (
                "--deny-env=A* --allow-read=.,a --allow-read",
                " --allow-read=. --allow-read=a --allow-read --deny-env=A*",
            ),
            ("--allow-net=localhost:8080 --deny-clock", " --allow-net=localhost:8080 --deny-clock"),
        ] {
            assert_eq!(parse(&words.split_whitespace().collect::<Vec<_>>()).as_deref(), Ok(again));
        }
    }

    #[test]
    fn a_value_that_is_missing_is_not_everything() {
        for words in [["--allow-read="], ["--allow-read=a,"], ["--allow-net="], ["--deny-net=a:b"], ["--allow-env="]] {
            assert!(parse(&words).is_err(), "{words:?}");
        }
        assert!(parse(&["--allow-read", "x"]).is_err(), "values follow an equals sign");
    }
}
