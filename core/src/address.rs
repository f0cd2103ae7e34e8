//! Which addresses may be dialled?
//!
//! The only place that decides it, on the address about to be dialled and never on a host name's
//! text (DELIVERY-RULES, "Which addresses may be dialled"). The sources are the IANA registries of
//! special-purpose addresses (RFC 6890): IPv6 is an allow-list, IPv4 a deny-list.
//!
//! **Invariant:** an IPv4-mapped IPv6 address gets the same answer as the IPv4 address within it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use thiserror::Error;

/// Networks that an operator allows or denies beyond the built-in ranges. The default adds none.
///
/// A denied network wins over an allowed one, and an allowed one over the built-in ranges.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AddressRule {
    allow: Vec<IpNet>,
    deny: Vec<IpNet>,
}

/// Why an address, or a whole answer of the resolver, may not be dialled.
///
/// This is for the operator's log: a customer is shown only the error class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum AddressRefused {
    /// The operator denied a network that the address lies in.
    #[error("address \"{ip}\" lies in the denied network \"{network}\"")]
    Denied {
        /// The address, canonical.
        ip: IpAddr,
        /// The operator's network.
        network: IpNet,
    },
    /// The address is not one of the public internet's.
    #[error(
        "address \"{ip}\" lies in \"{network}\", which is not public; \
         hint: allow this range with --allow-network"
    )]
    NotPublic {
        /// The address, canonical.
        ip: IpAddr,
        /// The special-purpose range that it lies in.
        network: IpNet,
    },
    /// The IPv6 address lies outside the space that is handed out to the public internet.
    #[error(
        "address \"{ip}\" lies outside \"2000::/3\" and is not public; \
         hint: allow this range with --allow-network"
    )]
    NotGlobal {
        /// The address.
        ip: IpAddr,
    },
    /// There was no address to judge.
    #[error("the name resolved to no address; hint: check the name's A and AAAA records")]
    NoAddress,
}

/// Why a network of an operator's configuration could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("\"{0}\" is not a network; hint: write it as \"10.0.0.0/8\", \"fd00::/8\" or one address")]
pub struct NetworkUnreadable(String);

const GLOBAL_V6: Ipv6Net = net6([0x2000, 0, 0], 3);

/// What is not public within [`GLOBAL_V6`].
const SPECIAL_V6: [Ipv6Net; 5] = [
    net6([0x2001, 0, 0], 23),
    net6([0x2001, 0x0db8, 0], 32),
    net6([0x2002, 0, 0], 16),
    net6([0x2620, 0x004f, 0x8000], 48),
    net6([0x3fff, 0, 0], 20),
];

const SPECIAL_V4: [Ipv4Net; 19] = [
    net4([0, 0, 0, 0], 8),
    net4([10, 0, 0, 0], 8),
    net4([100, 64, 0, 0], 10),
    net4([127, 0, 0, 0], 8),
    // A cloud's metadata service lives at 169.254.169.254.
    net4([169, 254, 0, 0], 16),
    net4([172, 16, 0, 0], 12),
    net4([192, 0, 0, 0], 24),
    net4([192, 0, 2, 0], 24),
    net4([192, 31, 196, 0], 24),
    net4([192, 52, 193, 0], 24),
    net4([192, 88, 99, 0], 24),
    net4([192, 168, 0, 0], 16),
    net4([192, 175, 48, 0], 24),
    net4([198, 18, 0, 0], 15),
    net4([198, 51, 100, 0], 24),
    net4([203, 0, 113, 0], 24),
    net4([224, 0, 0, 0], 4),
    net4([240, 0, 0, 0], 4),
    // Public by number, but Azure's platform service to every virtual machine there.
    net4([168, 63, 129, 16], 32),
];

const MAPPED_BITS: u8 = 96;

const fn net4(octets: [u8; 4], bits: u8) -> Ipv4Net {
    let [a, b, c, d] = octets;
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), bits)
}

const fn net6(start: [u16; 3], bits: u8) -> Ipv6Net {
    let [a, b, c] = start;
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0), bits)
}

impl AddressRule {
    /// A rule with an operator's networks. IPv4-mapped networks are taken as IPv4 networks.
    #[must_use]
    pub fn new(allow: Vec<IpNet>, deny: Vec<IpNet>) -> Self {
        let unmap = |networks: Vec<IpNet>| networks.into_iter().map(unmapped).collect();
        Self {
            allow: unmap(allow),
            deny: unmap(deny),
        }
    }

    /// Judges one address.
    ///
    /// # Errors
    /// When the address may not be dialled; the error says by which range.
    pub fn check(&self, ip: IpAddr) -> Result<(), AddressRefused> {
        let ip = ip.to_canonical();
        if let Some(&network) = self.deny.iter().find(|network| network.contains(&ip)) {
            return Err(AddressRefused::Denied { ip, network });
        }
        if self.allow.iter().any(|network| network.contains(&ip)) {
            return Ok(());
        }
        match ip {
            IpAddr::V4(v4) => check_v4(v4),
            IpAddr::V6(v6) => check_v6(v6),
        }
    }

    /// Judges a resolver's whole answer: one forbidden address refuses all of it, because a name
    /// that points inside is not trusted with its other addresses either.
    ///
    /// # Errors
    /// The first refusal, or [`AddressRefused::NoAddress`] for an empty answer.
    pub fn check_all(&self, answer: &[IpAddr]) -> Result<(), AddressRefused> {
        if answer.is_empty() {
            return Err(AddressRefused::NoAddress);
        }
        answer.iter().try_for_each(|&ip| self.check(ip))
    }
}

/// Reads a network as an operator writes it: CIDR, or one address.
///
/// # Errors
/// When the text is neither.
pub fn parse_network(text: &str) -> Result<IpNet, NetworkUnreadable> {
    let network = text
        .parse()
        .or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
    network
        .map(|network| network.trunc())
        .map_err(|_| NetworkUnreadable(text.to_owned()))
}

fn check_v4(ip: Ipv4Addr) -> Result<(), AddressRefused> {
    match SPECIAL_V4.iter().find(|network| network.contains(&ip)) {
        Some(&network) => Err(AddressRefused::NotPublic {
            ip: IpAddr::V4(ip),
            network: IpNet::V4(network),
        }),
        None => Ok(()),
    }
}

fn check_v6(ip: Ipv6Addr) -> Result<(), AddressRefused> {
    if !GLOBAL_V6.contains(&ip) {
        return Err(AddressRefused::NotGlobal { ip: IpAddr::V6(ip) });
    }
    match SPECIAL_V6.iter().find(|network| network.contains(&ip)) {
        Some(&network) => Err(AddressRefused::NotPublic {
            ip: IpAddr::V6(ip),
            network: IpNet::V6(network),
        }),
        None => Ok(()),
    }
}

/// A network of IPv4-mapped addresses as the IPv4 network that it is.
pub(crate) fn unmapped(network: IpNet) -> IpNet {
    let IpNet::V6(v6) = network else {
        return network;
    };
    let Some(v4) = v6.network().to_ipv4_mapped() else {
        return network;
    };
    let Some(bits) = v6.prefix_len().checked_sub(MAPPED_BITS) else {
        return network;
    };
    Ipv4Net::new(v4, bits).map_or(network, IpNet::V4)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn allowed(ip: &str) -> bool {
        AddressRule::default().check(ip.parse().unwrap()).is_ok()
    }

    fn rule(allow: &[&str], deny: &[&str]) -> AddressRule {
        let read = |texts: &[&str]| {
            texts
                .iter()
                .map(|text| parse_network(text).unwrap())
                .collect()
        };
        AddressRule::new(read(allow), read(deny))
    }

    /// The last address before, the first in, the last in and the first after; `-` for none, or
    /// for a neighbour that another range forbids.
    const BOUNDARIES_V4: &str = "
        - 0.0.0.0 0.255.255.255 1.0.0.0
        9.255.255.255 10.0.0.0 10.255.255.255 11.0.0.0
        100.63.255.255 100.64.0.0 100.127.255.255 100.128.0.0
        126.255.255.255 127.0.0.0 127.255.255.255 128.0.0.0
        169.253.255.255 169.254.0.0 169.254.255.255 169.255.0.0
        172.15.255.255 172.16.0.0 172.31.255.255 172.32.0.0
        191.255.255.255 192.0.0.0 192.0.0.255 192.0.1.0
        192.0.1.255 192.0.2.0 192.0.2.255 192.0.3.0
        192.31.195.255 192.31.196.0 192.31.196.255 192.31.197.0
        192.52.192.255 192.52.193.0 192.52.193.255 192.52.194.0
        192.88.98.255 192.88.99.0 192.88.99.255 192.88.100.0
        192.167.255.255 192.168.0.0 192.168.255.255 192.169.0.0
        192.175.47.255 192.175.48.0 192.175.48.255 192.175.49.0
        198.17.255.255 198.18.0.0 198.19.255.255 198.20.0.0
        198.51.99.255 198.51.100.0 198.51.100.255 198.51.101.0
        203.0.112.255 203.0.113.0 203.0.113.255 203.0.114.0
        223.255.255.255 224.0.0.0 239.255.255.255 -
        - 240.0.0.0 255.255.255.255 -
        168.63.129.15 168.63.129.16 168.63.129.16 168.63.129.17
    ";
    const BOUNDARIES_V6: &str = "
        - :: 1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 2000::
        2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff 2001:: 2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff 2001:200::
        2001:db7:ffff:ffff:ffff:ffff:ffff:ffff 2001:db8:: 2001:db8:ffff:ffff:ffff:ffff:ffff:ffff 2001:db9::
        2001:ffff:ffff:ffff:ffff:ffff:ffff:ffff 2002:: 2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff 2003::
        2620:4f:7fff:ffff:ffff:ffff:ffff:ffff 2620:4f:8000:: 2620:4f:8000:ffff:ffff:ffff:ffff:ffff 2620:4f:8001::
        3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff 3fff:: 3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff 3fff:1000::
        3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 4000:: fc00:: -
        - fe80::1 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff -
    ";

    #[test]
    fn every_range_is_refused_from_its_first_to_its_last_address() {
        let lines = BOUNDARIES_V4.lines().chain(BOUNDARIES_V6.lines());
        let rows: Vec<Vec<_>> = lines
            .map(|line| line.split_whitespace().collect())
            .collect();
        assert_eq!(rows.iter().filter(|row| row.len() == 4).count(), 27);
        for row in rows.iter().filter(|row| !row.is_empty()) {
            assert!(!allowed(row[1]), "{}", row[1]);
            assert!(!allowed(row[2]), "{}", row[2]);
            for neighbour in [row[0], row[3]].into_iter().filter(|&ip| ip != "-") {
                assert!(allowed(neighbour), "{neighbour}");
            }
        }
    }

    #[test]
    fn a_mapped_address_is_judged_as_its_ipv4_address() {
        assert!(allowed("::ffff:8.8.8.8"));
        for ip in [
            "::ffff:127.0.0.1",
            "::ffff:10.1.2.3",
            "::ffff:169.254.169.254",
        ] {
            assert!(!allowed(ip), "{ip}");
        }
        assert!(
            !allowed("::8.8.8.8"),
            "the old compatible form is no mapped address"
        );
        assert!(
            !allowed("64:ff9b::7f00:1"),
            "NAT64 reaches IPv4 by another road"
        );
    }

    #[test]
    fn an_allowed_network_opens_only_itself() {
        let rule = rule(&["127.0.0.0/8", "::1"], &[]);
        for ip in ["127.0.0.1", "::ffff:127.9.9.9", "::1"] {
            assert_eq!(rule.check(ip.parse().unwrap()), Ok(()), "{ip}");
        }
        for ip in ["10.0.0.1", "::2"] {
            assert!(rule.check(ip.parse().unwrap()).is_err(), "{ip}");
        }
    }

    #[test]
    fn a_denied_network_beats_an_allowed_one() {
        let rule = rule(&["10.0.0.0/8"], &["10.1.0.0/16", "8.8.8.0/24"]);
        assert_eq!(rule.check("10.2.0.1".parse().unwrap()), Ok(()));
        for ip in ["10.1.0.1", "8.8.8.8", "::ffff:8.8.8.8"] {
            let refused = rule.check(ip.parse().unwrap()).unwrap_err();
            assert!(matches!(refused, AddressRefused::Denied { .. }), "{ip}");
        }
    }

    #[test]
    fn a_mapped_network_is_taken_as_ipv4() {
        let rule = rule(&["::ffff:127.0.0.0/104"], &["::ffff:8.8.8.8"]);
        assert_eq!(rule.check("127.0.0.1".parse().unwrap()), Ok(()));
        assert!(rule.check("8.8.8.8".parse().unwrap()).is_err());
    }

    #[test]
    fn one_forbidden_address_refuses_the_whole_answer() {
        let rule = AddressRule::default();
        let read = |texts: &[&str]| {
            texts
                .iter()
                .map(|ip| ip.parse().unwrap())
                .collect::<Vec<_>>()
        };
        assert_eq!(rule.check_all(&read(&["8.8.8.8", "2600::1"])), Ok(()));
        assert!(rule.check_all(&read(&["8.8.8.8", "127.0.0.1"])).is_err());
        assert_eq!(rule.check_all(&[]), Err(AddressRefused::NoAddress));
    }

    #[test]
    fn a_network_is_read_as_cidr_or_one_address() {
        assert_eq!(
            parse_network("10.1.2.3/8").unwrap().to_string(),
            "10.0.0.0/8"
        );
        assert_eq!(parse_network("::1").unwrap().to_string(), "::1/128");
        for text in ["", "localhost", "10.0.0.0/33", "10.0.0/8"] {
            assert!(parse_network(text).is_err(), "{text}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn mapped_and_plain_ipv4_always_agree(bits: u32) {
            let v4 = Ipv4Addr::from(bits);
            let rule = rule(&["10.0.0.0/9"], &["64.0.0.0/2"]);
            prop_assert_eq!(
                rule.check(IpAddr::V4(v4)),
                rule.check(IpAddr::V6(v4.to_ipv6_mapped()))
            );
        }

        #[test]
        fn nothing_outside_the_global_space_is_allowed(bits: u128) {
            let v6 = Ipv6Addr::from(bits);
            let ok = AddressRule::default().check(IpAddr::V6(v6)).is_ok();
            prop_assert!(!ok || bits >> 125 == 1 || v6.to_ipv4_mapped().is_some());
        }
    }
}
