//! What a program was granted, and the answers to what it asks.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::endpoint::{self, Endpoint};
use super::variable::Variable;
use super::{Capability, Power, Reach};

/// What a program may do outside of itself. A denial wins over what allows the same.
#[derive(Clone, Debug)]
pub struct Grants {
    allowed: Rules,
    denied: Rules,
    /// Others that have to permit it, too.
    within: Option<Arc<Grants>>,
}

/// What some capabilities reach.
#[derive(Clone, Debug)]
struct Rules {
    /// A bit for each power that reaches everything.
    any: u16,
    paths: Vec<(Power, PathBuf)>,
    endpoints: Vec<(Power, Endpoint)>,
    variables: Vec<Variable>,
}

/// Which paths a rule is about.
#[derive(Debug)]
pub enum Scope<'g> {
    /// All.
    Any,
    /// These files, and what is in these directories and below; absolute.
    Under(Vec<&'g Path>),
}

/// One set of rules about paths: something has to be allowed, and not denied.
#[derive(Debug)]
pub struct Paths<'g> {
    /// What is allowed.
    pub allowed: Scope<'g>,
    /// What is not, all the same.
    pub denied: Scope<'g>,
}

/// Why something is not permitted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Lack {
    /// Nothing allows it.
    Grant,
    /// It is denied.
    Denied,
}

impl Lack {
    /// The answer to something that is allowed, or denied, or both.
    ///
    /// # Errors
    /// When it is not allowed, or denied.
    pub fn unless(is_allowed: bool, is_denied: bool) -> Result<(), Lack> {
        match (is_allowed, is_denied) {
            (true, false) => Ok(()),
            (true, true) => Err(Lack::Denied),
            (false, _) => Err(Lack::Grant),
        }
    }
}

/// That something is not permitted, in words.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refusal(String);

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Refusal {
    /// Of `what`, which `value` of an option would grant.
    #[must_use]
    pub fn new(power: Power, lack: Lack, what: &str, value: Option<&str>) -> Refusal {
        if lack == Lack::Denied {
            return Refusal(format!("permission denied: {what} is denied to this program"));
        }
        let (option, constructor) = power.granted_by();
        let value = value.map_or(String::new(), |value| format!("={value}"));
        Refusal(format!(
            "permission denied: {what} is not granted to this program (by {option}{value} or Capability::{constructor})"
        ))
    }
}

impl Grants {
    /// What is allowed without what is denied, and only what others permit, if there are any. Relative paths are those
    /// of the current directory.
    ///
    /// # Errors
    /// The first mistake of a capability, in words.
    pub fn new(allowed: &[Capability], denied: &[Capability], within: Option<Arc<Grants>>) -> Result<Grants, String> {
        Ok(Grants { allowed: Rules::new(allowed)?, denied: Rules::new(denied)?, within })
    }

    /// Nothing.
    #[must_use]
    pub const fn none() -> Grants {
        Grants { allowed: Rules::none(), denied: Rules::none(), within: None }
    }

    /// Whether there is nothing of this kind that it does not permit.
    #[must_use]
    pub fn permits_all(&self, power: Power) -> bool {
        self.layers().all(|layer| layer.allowed.has_any(power) && !layer.denied.mentions(power))
    }

    /// The rules about paths; each has to permit.
    pub fn paths(&self, power: Power) -> impl Iterator<Item = Paths<'_>> {
        self.layers().map(move |layer| Paths { allowed: layer.allowed.scope(power), denied: layer.denied.scope(power) })
    }

    /// Is a power that reaches nothing in particular permitted? `what` is it that is asked for.
    ///
    /// # Errors
    /// When it is not.
    pub fn simple(&self, power: Power, what: &str) -> Result<(), Refusal> {
        self.ask(|layer| (layer.allowed.has_any(power), layer.denied.has_any(power)))
            .map_err(|lack| Refusal::new(power, lack, what, None))
    }

    /// Is a variable of the environment permitted?
    ///
    /// # Errors
    /// When it is not.
    pub fn variable(&self, name: &str) -> Result<(), Refusal> {
        self.ask(|layer| (layer.allowed.has_variable(name), layer.denied.has_variable(name)))
            .map_err(|lack| Refusal::new(Power::Environment, lack, &format!("the variable {name}"), Some(name)))
    }

    /// May the system be asked for the addresses of a name?
    ///
    /// # Errors
    /// When not.
    pub fn look_up(&self, power: Power, name: &str, port: u16) -> Result<(), Refusal> {
        let normal = endpoint::normal(name);
        self.ask(|layer| {
            let is_allowed = endpoint::is_local(&normal) || layer.allowed.has_name(power, &normal, port);
            (is_allowed, layer.denied.has_name(power, &normal, port))
        })
        .map_err(|lack| Grants::unreachable(power, lack, name, port))
    }

    /// Those of the addresses of a host that are permitted, at least one. `host` is what the program has written, a
    /// name or an address, and `name` is the name if it is one.
    ///
    /// # Errors
    /// When none is.
    pub fn reach(
        &self,
        power: Power,
        host: &str,
        name: Option<&str>,
        addresses: Vec<SocketAddr>,
    ) -> Result<Vec<SocketAddr>, Refusal> {
        let port = addresses.first().map_or(0, SocketAddr::port);
        let name = name.map(endpoint::normal);
        let ask = |address: SocketAddr| {
            self.ask(|layer| {
                let by_name = |rules: &Rules| name.as_ref().is_some_and(|name| rules.has_name(power, name, port));
                let is_allowed = by_name(&layer.allowed) || layer.allowed.has_address(power, address);
                let is_denied = by_name(&layer.denied) || layer.denied.touches_address(power, address);
                (is_allowed, is_denied)
            })
        };
        let mut lack = Lack::Grant;
        let mut permitted = addresses;
        permitted.retain(|address| ask(*address).map_err(|why| lack = why).is_ok());
        if permitted.is_empty() { Err(Grants::unreachable(power, lack, host, port)) } else { Ok(permitted) }
    }

    fn unreachable(power: Power, lack: Lack, host: &str, port: u16) -> Refusal {
        let at = if host.contains(':') && !host.starts_with('[') {
            format!("[{host}]:{port}")
        } else {
            format!("{host}:{port}")
        };
        let what = if power == Power::Listen { format!("listening on {at}") } else { format!("connecting to {at}") };
        Refusal::new(power, lack, &what, Some(&at))
    }

    /// Asks each layer what it allows and what it denies.
    fn ask(&self, answer: impl Fn(&Grants) -> (bool, bool)) -> Result<(), Lack> {
        self.layers().try_for_each(|layer| {
            let (is_allowed, is_denied) = answer(layer);
            Lack::unless(is_allowed, is_denied)
        })
    }

    /// These, and those around them.
    fn layers(&self) -> impl Iterator<Item = &Grants> {
        std::iter::successors(Some(self), |layer| layer.within.as_deref())
    }
}

impl Rules {
    const fn none() -> Rules {
        Rules { any: 0, paths: Vec::new(), endpoints: Vec::new(), variables: Vec::new() }
    }

    fn new(capabilities: &[Capability]) -> Result<Rules, String> {
        let mut rules = Rules::none();
        for Capability(reach) in capabilities {
            match reach {
                Reach::All => rules.any = u16::MAX,
                Reach::Any(power) => rules.any |= bit(*power),
                Reach::Path(power, path) => {
                    let path = std::path::absolute(path)
                        .map_err(|error| format!("cannot tell where {} is: {error}", path.display()))?;
                    rules.paths.push((*power, path));
                }
                Reach::Endpoint(power, endpoint) => rules.endpoints.push((*power, endpoint.clone())),
                Reach::Variable(variable) => rules.variables.push(variable.clone()),
                Reach::Mistake(mistake) => return Err(mistake.clone()),
            }
        }
        Ok(rules)
    }

    fn has_any(&self, power: Power) -> bool {
        self.any & bit(power) != 0
    }

    /// Do they say anything about this kind?
    fn mentions(&self, power: Power) -> bool {
        self.has_any(power)
            || self.paths.iter().any(|(own, _)| *own == power)
            || self.endpoints.iter().any(|(own, _)| *own == power)
            || (power == Power::Environment && !self.variables.is_empty())
    }

    fn scope(&self, power: Power) -> Scope<'_> {
        if self.has_any(power) {
            return Scope::Any;
        }
        Scope::Under(self.paths.iter().filter(|(own, _)| *own == power).map(|(_, path)| &**path).collect())
    }

    fn has_variable(&self, name: &str) -> bool {
        self.has_any(Power::Environment) || self.variables.iter().any(|variable| variable.covers(name))
    }

    /// The endpoints with this port.
    fn at(&self, power: Power, port: u16) -> impl Iterator<Item = &Endpoint> {
        let fits = move |(own, endpoint): &&(Power, Endpoint)| *own == power && endpoint.has_port(port);
        self.endpoints.iter().filter(fits).map(|(_, endpoint)| endpoint)
    }

    fn has_name(&self, power: Power, name: &str, port: u16) -> bool {
        self.has_any(power) || self.at(power, port).any(|endpoint| endpoint.names(name))
    }

    fn has_address(&self, power: Power, address: SocketAddr) -> bool {
        let ip = place(power, address);
        self.has_any(power) || self.at(power, address.port()).any(|endpoint| endpoint.has_address(ip))
    }

    /// As `has_address`; who listens on all addresses of the machine listens on each.
    fn touches_address(&self, power: Power, address: SocketAddr) -> bool {
        let is_every = power == Power::Listen && address.ip().to_canonical().is_unspecified();
        self.has_address(power, address) || (is_every && self.at(power, address.port()).any(Endpoint::is_of_addresses))
    }
}

/// What an address means.
fn place(power: Power, address: SocketAddr) -> IpAddr {
    if power == Power::Listen { endpoint::plain(address.ip()) } else { endpoint::destination(address) }
}

fn bit(power: Power) -> u16 {
    1 << power as u16
}
