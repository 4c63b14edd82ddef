//! Hosts and ports as a grant has them: `example.org:443`, `*.example.org`, `10.0.0.0/8:8000-8999`, `[::1]:*`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::ops::RangeInclusive;

/// Some hosts and some of their ports.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Endpoint {
    hosts: Hosts,
    ports: RangeInclusive<u16>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Hosts {
    Any,
    Name(String),
    /// Those whose names end with a dot and this.
    Below(String),
    /// Those whose addresses begin with so many bits of this.
    Network(IpAddr, u8),
}

impl Endpoint {
    /// Without a port, all of them.
    pub fn parse(text: &str) -> Result<Endpoint, String> {
        // An address of version 6 without brackets is all colons, so there is no port to be told from it.
        if let Some(hosts) = network(text) {
            return Ok(Endpoint { hosts, ports: 0..=u16::MAX });
        }
        let (host, ports) = match text.rsplit_once(':') {
            Some((host, ports)) => (host, parse_ports(ports)?),
            None => (text, 0..=u16::MAX),
        };
        let bare = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
        let hosts = network(bare).or_else(|| by_name(bare)).ok_or_else(|| {
            format!("'{text}' is no host: write HOST or HOST:PORT, as in example.org:443, 10.0.0.0/8 or [::1]:80")
        })?;
        Ok(Endpoint { hosts, ports })
    }

    /// Does it have the port?
    pub fn has_port(&self, port: u16) -> bool {
        self.ports.contains(&port)
    }

    /// Does it name the host? `name` is [`normal`].
    pub fn names(&self, name: &str) -> bool {
        match &self.hosts {
            Hosts::Any => true,
            Hosts::Name(own) => name == own,
            Hosts::Below(end) => name.strip_suffix(&**end).is_some_and(|host| host.ends_with('.')),
            Hosts::Network(..) => false,
        }
    }

    /// Does it have the address, whatever it is called? `localhost` has those of the machine itself.
    pub fn has_address(&self, address: IpAddr) -> bool {
        match &self.hosts {
            Hosts::Any => true,
            Hosts::Name(name) => is_local(name) && address.is_loopback(),
            Hosts::Below(_) => false,
            Hosts::Network(network, bits) => match (network, address) {
                (IpAddr::V4(network), IpAddr::V4(address)) => {
                    (network.to_bits() ^ address.to_bits()).checked_shr(32 - u32::from(*bits)).unwrap_or(0) == 0
                }
                (IpAddr::V6(network), IpAddr::V6(address)) => {
                    (network.to_bits() ^ address.to_bits()).checked_shr(128 - u32::from(*bits)).unwrap_or(0) == 0
                }
                _ => false,
            },
        }
    }

    /// Does it have addresses rather than names?
    pub fn is_of_addresses(&self) -> bool {
        match &self.hosts {
            Hosts::Name(name) => is_local(name),
            Hosts::Network(..) => true,
            Hosts::Any | Hosts::Below(_) => false,
        }
    }
}

/// The name of the machine itself. Not those below it: not every system knows them without asking others.
pub(super) fn is_local(name: &str) -> bool {
    name == "localhost"
}

/// A name as it is compared: without regard to case, and to the dot that says that it is whole.
pub(super) fn normal(name: &str) -> String {
    name.strip_suffix('.').unwrap_or(name).to_lowercase()
}

/// The address that a connection to this one goes to: an address of version 4 has other forms, and "any" is the machine
/// itself.
pub(super) fn destination(address: SocketAddr) -> IpAddr {
    match plain(address.ip()) {
        IpAddr::V4(address) if address.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(address) if address.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        address => address,
    }
}

/// An address without the form that version 6 has for version 4.
pub(super) fn plain(address: IpAddr) -> IpAddr {
    address.to_canonical()
}

/// An address, or one with `/BITS`.
fn network(text: &str) -> Option<Hosts> {
    let (address, bits) = text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
    let address: IpAddr = address.parse().ok()?;
    let most = if address.is_ipv4() { 32 } else { 128 };
    let bits = bits.map_or(Some(most), |bits| bits.parse().ok()).filter(|bits| *bits <= most)?;
    match plain(address) {
        // A network of such addresses has its first 96 bits in common, or is one of version 6.
        IpAddr::V4(short) if address.is_ipv6() && bits >= 96 => Some(Hosts::Network(short.into(), bits - 96)),
        _ => Some(Hosts::Network(address, bits)),
    }
}

/// A name, names below one, or all. Not what looks like the number of an address but is none: some systems take that
/// for one.
fn by_name(text: &str) -> Option<Hosts> {
    if text == "*" {
        return Some(Hosts::Any);
    }
    let (name, is_below) = text.strip_prefix("*.").map_or((text, false), |name| (name, true));
    let name = normal(name);
    let is_label =
        |label: &str| !label.is_empty() && label.chars().all(|c| c.is_alphanumeric() || c == '-' || c == '_');
    let is_number = name.rsplit('.').next().is_some_and(|last| last.starts_with(|c: char| c.is_ascii_digit()));
    let is_name = name.split('.').all(is_label) && !is_number;
    is_name.then_some(if is_below { Hosts::Below(name) } else { Hosts::Name(name) })
}

/// `80`, `8000-8999` or `*`.
fn parse_ports(text: &str) -> Result<RangeInclusive<u16>, String> {
    let (first, last) = match text {
        "*" => return Ok(0..=u16::MAX),
        _ => text.split_once('-').unwrap_or((text, text)),
    };
    match (first.parse(), last.parse()) {
        (Ok(first), Ok(last)) if first <= last => Ok(first..=last),
        _ => Err(format!("'{text}' is no port: write a number up to 65535, FIRST-LAST or *")),
    }
}

#[cfg(test)]
mod tests {
    use super::{Endpoint, destination};

    fn parse(text: &str) -> Endpoint {
        Endpoint::parse(text).unwrap_or_else(|error| panic!("{error}"))
    }

    #[test]
    fn names() {
        assert!(parse("Example.ORG.").names("example.org"));
        assert!(!parse("example.org").names("www.example.org"));
        let below = parse("*.example.org:443");
        assert!(below.names("a.example.org") && below.names("a.b.example.org"));
        assert!(!below.names("example.org") && !below.names("badexample.org"));
        assert!(parse("*").names("anything"));
        assert!(!parse("10.0.0.0/8").names("10"));
    }

    #[test]
    fn addresses() {
        let has = |text: &str, address: &str| parse(text).has_address(address.parse().expect("an address"));
        assert!(has("127.0.0.1", "127.0.0.1") && !has("127.0.0.1", "127.0.0.2"));
        assert!(has("10.0.0.0/8:80", "10.255.1.2") && !has("10.0.0.0/8:80", "11.0.0.1"));
        assert!(has("0.0.0.0/0", "1.2.3.4") && !has("0.0.0.0/0", "::1"));
        assert!(has("[fd00::/8]:80", "fd12::1") && has("fd00::/8", "fdff::") && !has("fd00::/8", "fe00::"));
        assert!(has("::ffff:10.0.0.1", "10.0.0.1") && has("::/0", "::1"));
        assert!(has("localhost", "127.0.0.9") && has("localhost", "::1") && !has("localhost", "10.0.0.1"));
        assert!(!has("example.org", "10.0.0.1") && has("*:80", "10.0.0.1"));
    }

    #[test]
    fn ports() {
        assert!(parse("a:80").has_port(80) && !parse("a:80").has_port(81));
        assert!(parse("[::1]:8000-8999").has_port(8999) && !parse("[::1]:8000-8999").has_port(9000));
        assert!(["a", "a:*", "::1", "*"].iter().all(|text| parse(text).has_port(1)));
    }

    #[test]
    fn what_is_none() {
        for text in [
            "",
            ":80",
            "a:",
            "a:70000",
            "a:9-8",
            "http://a",
            "a b",
            "127.1",
            "0x7f.1",
            "10.0.0.0/33",
            "*.",
            "a..b",
            "*a",
        ] {
            assert!(Endpoint::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn where_a_connection_goes() {
        let goes = |address: &str| destination(address.parse().expect("an address")).to_string();
        assert_eq!(goes("0.0.0.0:80"), "127.0.0.1");
        assert_eq!(goes("[::]:80"), "::1");
        assert_eq!(goes("[::ffff:127.0.0.1]:80"), "127.0.0.1");
        assert_eq!(goes("[::ffff:0.0.0.0]:80"), "127.0.0.1");
    }
}
