//! Where does a request come from, if proxies stand between?
//!
//! Each proxy adds the address that it was asked from to the right of `X-Forwarded-For`. Whatever is
//! left of what a trusted proxy wrote, anybody may have written: so the list is read from the right,
//! and only as far as trusted proxies vouch for it.

use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;

use crate::address::unmapped;
use crate::limits::FORWARDED_HOPS_MAX;

/// The proxies whose word is taken. The default takes nobody's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<IpNet>);

impl TrustedProxies {
    /// The proxies in these networks. IPv4-mapped networks are taken as IPv4 networks.
    #[must_use]
    pub fn new(networks: Vec<IpNet>) -> Self {
        Self(networks.into_iter().map(unmapped).collect())
    }

    /// The address of the visitor, of a connection from `peer` and the request's `X-Forwarded-For`
    /// headers in their order: the right-most that is no trusted proxy's.
    ///
    /// Where an entry is no address, the proxy that wrote it is the last that is known. Where all are
    /// trusted, the left-most is.
    #[must_use]
    pub fn visitor<'a>(
        &self,
        peer: IpAddr,
        headers: impl DoubleEndedIterator<Item = &'a [u8]>,
    ) -> IpAddr {
        let mut known = peer.to_canonical();
        let entries = headers
            .rev()
            .flat_map(|value| value.rsplit(|it| *it == b','));
        for entry in entries.take(FORWARDED_HOPS_MAX) {
            if !self.is_trusted(known) {
                break;
            }
            match address(entry) {
                Some(before) => known = before,
                None => break,
            }
        }
        known
    }

    fn is_trusted(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }
}

/// An entry: an address, as some proxies write it with its port.
fn address(entry: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(entry).ok()?.trim();
    let bare = text.strip_prefix('[').and_then(|it| it.strip_suffix(']'));
    let address = bare.unwrap_or(text).parse::<IpAddr>().ok();
    let with_port = || text.parse::<SocketAddr>().ok().map(|it| it.ip());
    address.or_else(with_port).map(|it| it.to_canonical())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::address::parse_network;

    fn trusted(networks: &[&str]) -> TrustedProxies {
        let networks = networks.iter().map(|text| parse_network(text).unwrap());
        TrustedProxies::new(networks.collect())
    }

    fn visitor(networks: &[&str], peer: &str, headers: &[&str]) -> String {
        let headers = headers.iter().map(|text| text.as_bytes());
        let found = trusted(networks).visitor(peer.parse().unwrap(), headers);
        found.to_string()
    }

    #[test]
    fn nobodys_word_is_taken_but_a_trusted_proxys() {
        let said = &["203.0.113.7"];
        for (networks, peer, expected) in [
            (&[][..], "10.0.0.1", "10.0.0.1"),
            (&["10.0.0.0/8"], "198.51.100.1", "198.51.100.1"),
            (&["10.0.0.0/8"], "10.0.0.1", "203.0.113.7"),
            (&["10.0.0.1"], "10.0.0.2", "10.0.0.2"),
            (&["fd00::/8"], "fd00::1", "203.0.113.7"),
        ] {
            assert_eq!(
                visitor(networks, peer, said),
                expected,
                "{networks:?} {peer}"
            );
        }
    }

    #[test]
    fn the_right_most_that_is_no_trusted_proxy_is_the_visitor() {
        let of = |headers: &[&str]| visitor(&["10.0.0.0/8", "fd00::/8"], "10.0.0.1", headers);
        for (headers, expected) in [
            // What stands to the left of it, the visitor may have written.
            (&["198.51.100.9, 203.0.113.7"][..], "203.0.113.7"),
            (&["10.0.0.9, 203.0.113.7, 10.0.0.2"], "203.0.113.7"),
            (&["127.0.0.1,203.0.113.7 , fd00::5,10.0.0.2"], "203.0.113.7"),
            // More than one header is one list.
            (&["198.51.100.9", "203.0.113.7"], "203.0.113.7"),
            (&["203.0.113.7", "10.0.0.2"], "203.0.113.7"),
            // All are trusted: the left-most; without any, the connection.
            (&["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
            (&[], "10.0.0.1"),
        ] {
            assert_eq!(of(headers), expected, "{headers:?}");
        }
    }

    #[test]
    fn addresses_are_read_as_proxies_write_them() {
        let of = |entry: &str| visitor(&["10.0.0.1"], "10.0.0.1", &[entry]);
        for (entry, expected) in [
            ("203.0.113.7:4711", "203.0.113.7"),
            ("2001:db8::1", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("[2001:db8::1]:4711", "2001:db8::1"),
            ("2001:DB8:0:0::1", "2001:db8::1"),
            ("::ffff:203.0.113.7", "203.0.113.7"),
            ("\t203.0.113.7 ", "203.0.113.7"),
        ] {
            assert_eq!(of(entry), expected, "{entry}");
        }
        // A mapped network or peer is the IPv4 one.
        let mapped = visitor(&["::ffff:10.0.0.0/104"], "10.0.0.1", &["203.0.113.7"]);
        assert_eq!(mapped, "203.0.113.7");
        let mapped = visitor(&["10.0.0.1"], "::ffff:10.0.0.1", &["203.0.113.7"]);
        assert_eq!(mapped, "203.0.113.7");
    }

    #[test]
    fn what_is_no_address_ends_the_walk_at_the_proxy_that_wrote_it() {
        let of = |text: &str| visitor(&["10.0.0.0/8"], "10.0.0.1", &[text]);
        for garbage in [
            "",
            "unknown",
            "_hidden",
            "203.0.113",
            "203.0.113.7.8",
            "203.0.113.256",
            "0x7f.1",
            "203.0.113.7/32",
            "fe80::1%eth0",
            "[2001:db8::1",
            "a.test",
            "\"203.0.113.7\"",
            "\u{e9}",
        ] {
            assert_eq!(of(garbage), "10.0.0.1", "{garbage}");
            assert_eq!(of(&format!("{garbage}, 10.0.0.2")), "10.0.0.2", "{garbage}");
            assert_eq!(
                of(&format!("198.51.100.9, {garbage}")),
                "10.0.0.1",
                "{garbage}"
            );
        }
        let bytes = [&b"\xff\xfe"[..]];
        let peer = "10.0.0.1".parse().unwrap();
        assert_eq!(
            trusted(&["10.0.0.0/8"]).visitor(peer, bytes.into_iter()),
            peer
        );
    }

    #[test]
    fn a_list_without_end_is_read_so_far() {
        let long = vec!["10.0.0.2"; FORWARDED_HOPS_MAX].join(",");
        let of = |text: &str| visitor(&["10.0.0.0/8"], "10.0.0.1", &[text]);
        assert_eq!(of(&format!("203.0.113.7,{long}")), "10.0.0.2");
        assert_eq!(of(&format!("203.0.113.7{}", &long[8..])), "203.0.113.7");
    }

    proptest! {
        /// Whatever a visitor writes, what the trusted proxy adds decides.
        #[test]
        fn a_visitor_cannot_choose_the_address(written in proptest::collection::vec("\\PC{0,40}", 0..5)) {
            let proxy: TrustedProxies = trusted(&["10.0.0.0/8"]);
            let mut headers: Vec<Vec<u8>> = written.into_iter().map(String::into_bytes).collect();
            headers.push(b"203.0.113.7".to_vec());
            let values = headers.iter().map(Vec::as_slice);
            let found = proxy.visitor("10.0.0.1".parse().unwrap(), values);
            prop_assert_eq!(found.to_string(), "203.0.113.7");
            // Without a trusted proxy the header says nothing.
            let values = headers.iter().map(Vec::as_slice);
            let found = proxy.visitor("198.51.100.1".parse().unwrap(), values);
            prop_assert_eq!(found.to_string(), "198.51.100.1");
        }
    }
}
