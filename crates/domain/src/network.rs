//! Parts of the internet: who may use a key, which proxies are believed, who counts as one place.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    str::FromStr,
};

/// A range of addresses, as `192.0.2.0/24`, `2001:db8::/32` or a single address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Network {
    first: IpAddr,
    prefix: u8,
}

/// The text is no network.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a network: write an address, or a range as 192.0.2.0/24")]
pub struct NetworkError;

impl Network {
    /// The network of this many leading bits around an address.
    ///
    /// # Errors
    /// When the address has fewer bits than that.
    pub fn around(ip: IpAddr, prefix: u8) -> Result<Self, NetworkError> {
        match ip.to_canonical() {
            IpAddr::V4(ip) if prefix <= 32 => {
                let mask = u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0);
                Ok(Self { first: Ipv4Addr::from(u32::from(ip) & mask).into(), prefix })
            }
            IpAddr::V6(ip) if prefix <= 128 => {
                let mask = u128::MAX.checked_shl(128 - u32::from(prefix)).unwrap_or(0);
                Ok(Self { first: Ipv6Addr::from(u128::from(ip) & mask).into(), prefix })
            }
            _ => Err(NetworkError),
        }
    }

    /// What one customer of a provider usually has: an IPv4 address, or the /64 of an IPv6 address.
    #[must_use]
    pub fn of_one_customer(ip: IpAddr) -> Self {
        let ip = ip.to_canonical();
        let prefix = if ip.is_ipv4() { 32 } else { 64 };
        Self::around(ip, prefix).unwrap_or(Self { first: ip, prefix })
    }

    /// Whether the address is in it. An IPv4 address written as IPv6 is the IPv4 address.
    #[must_use]
    pub fn contains(&self, ip: IpAddr) -> bool {
        Self::around(ip, self.prefix).is_ok_and(|network| network.first == self.first)
            && ip.to_canonical().is_ipv4() == self.first.is_ipv4()
    }
}

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let (ip, prefix) = match text.split_once('/') {
            Some((ip, prefix)) => (ip, Some(prefix.parse().map_err(|_| NetworkError)?)),
            None => (text, None),
        };
        let ip: IpAddr = ip.parse().map_err(|_| NetworkError)?;
        let whole = if ip.to_canonical().is_ipv4() { 32 } else { 128 };
        Self::around(ip, prefix.unwrap_or(whole))
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.first, self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn has(network: &str, ip: &str) -> bool {
        network.parse::<Network>().unwrap().contains(ip.parse().unwrap())
    }

    #[test]
    fn a_network_holds_its_addresses_and_no_others() {
        assert!(has("192.0.2.0/24", "192.0.2.255") && !has("192.0.2.0/24", "192.0.3.0"));
        assert!(has("192.0.2.7", "192.0.2.7") && !has("192.0.2.7", "192.0.2.8"));
        assert!(has("192.0.2.0/24", "::ffff:192.0.2.9"));
        assert!(has("2001:db8::/32", "2001:db8:1::1") && !has("2001:db8::/32", "2001:db9::1"));
        assert!(has("0.0.0.0/0", "8.8.8.8") && !has("0.0.0.0/0", "2001:db8::1"));
        assert!(!has("::/0", "8.8.8.8"));
    }

    #[test]
    fn what_is_no_network_is_refused() {
        for text in ["", "a", "1.2.3", "1.2.3.4/33", "1.2.3.4/", "1.2.3.4/-1", "::/129", "1.2.3.4/24/1"] {
            assert_eq!(text.parse::<Network>(), Err(NetworkError), "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_address_is_in_the_networks_around_it(bits: u32, prefix in 0_u8..=32) {
            let ip = IpAddr::V4(bits.into());
            let network = Network::around(ip, prefix).unwrap();
            prop_assert!(network.contains(ip));
            prop_assert_eq!(network.to_string().parse::<Network>().unwrap(), network);
        }
    }
}
