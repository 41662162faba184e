//! What a delivered template costs: a rate card as Meta publishes them, by market and category.

use crate::templates::Category;
use std::collections::BTreeMap;

/// A sample card in USD of 2026-01-01, as others print it; Meta's own comes from its pricing page by hand.
pub(crate) const SAMPLE: &str = include_str!("rates.csv");

/// Rates in a millionth of the currency, by market and category.
pub(crate) struct RateCard(BTreeMap<(String, String), u64>);

impl RateCard {
    /// Reads `effective_from,currency,market,category,rate`, one rate a line after the heading. Of two
    /// lines of the same market and category the later counts.
    pub(crate) fn read(csv: &str) -> Result<Self, String> {
        let mut rates = BTreeMap::new();
        for (n, line) in csv.lines().enumerate().skip(1).filter(|(_, l)| !l.trim().is_empty()) {
            let wrong = || {
                format!(
                    "line {} of the rate card is not effective_from,currency,market,category,rate: {line}",
                    n + 1
                )
            };
            let cells: Vec<&str> = line.split(',').map(str::trim).collect();
            let [_, _, market, category, rate] = cells[..] else { return Err(wrong()) };
            let rate: f64 =
                rate.parse().ok().filter(|r: &f64| r.is_finite() && *r >= 0.0).ok_or_else(wrong)?;
            // Rates have four digits behind the point: a millionth holds them exactly.
            rates.insert((market.to_owned(), category.to_ascii_lowercase()), (rate * 1e6).round() as u64);
        }
        Ok(Self(rates))
    }

    /// The sample card.
    pub(crate) fn sample() -> Self {
        Self::read(SAMPLE).unwrap_or(Self(BTreeMap::new()))
    }

    /// In a millionth of the currency; 0 for what costs nothing.
    pub(crate) fn rate(&self, country: &str, category: Category) -> u64 {
        let find = |market: &str| self.0.get(&(market.to_owned(), category.name().to_owned()));
        find(market(country)).or_else(|| find("Other")).copied().unwrap_or_default()
    }
}

/// Meta's market of a country (ISO 3166).
fn market(country: &str) -> &'static str {
    match country {
        "IN" => "India",
        "ID" => "Indonesia",
        "PK" => "Pakistan",
        "MY" => "Malaysia",
        "AE" => "United Arab Emirates",
        "SA" => "Saudi Arabia",
        "GB" => "United Kingdom",
        "DE" => "Germany",
        "FR" => "France",
        "IT" => "Italy",
        "ES" => "Spain",
        "NL" => "Netherlands",
        "BR" => "Brazil",
        "MX" => "Mexico",
        "NG" => "Nigeria",
        "ZA" => "South Africa",
        "EG" => "Egypt",
        "TR" => "Turkey",
        "US" | "CA" => "North America",
        "LK" | "BD" | "NP" | "PH" | "TH" | "VN" | "JP" | "SG" | "HK" | "AU" | "AF" | "KH" | "CN" | "LA"
        | "MN" | "NZ" | "PG" | "TJ" | "TW" | "TM" | "UZ" => "Rest of Asia Pacific",
        "DZ" | "AO" | "BJ" | "BW" | "BF" | "BI" | "CM" | "TD" | "CG" | "ER" | "ET" | "GA" | "GM" | "GH"
        | "GW" | "CI" | "KE" | "LS" | "LR" | "LY" | "MG" | "MW" | "ML" | "MR" | "MA" | "MZ" | "NA" | "NE"
        | "RW" | "SN" | "SL" | "SO" | "SS" | "SD" | "SZ" | "TZ" | "TG" | "TN" | "UG" | "ZM" => {
            "Rest of Africa"
        }
        "BH" | "IQ" | "JO" | "KW" | "LB" | "OM" | "QA" | "YE" | "IL" => "Rest of Middle East",
        "AR" | "BO" | "CL" | "CO" | "CR" | "DO" | "EC" | "SV" | "GT" | "HT" | "HN" | "JM" | "NI" | "PA"
        | "PY" | "PE" | "PR" | "UY" | "VE" => "Rest of Latin America",
        "AT" | "BE" | "DK" | "FI" | "IE" | "NO" | "PT" | "SE" | "CH" => "Rest of Western Europe",
        "AL" | "AM" | "AZ" | "BY" | "BG" | "HR" | "CZ" | "GE" | "GR" | "HU" | "LV" | "LT" | "MD" | "MK"
        | "PL" | "RO" | "RU" | "RS" | "SK" | "SI" | "UA" => "Rest of Central & Eastern Europe",
        _ => "Other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_that_of_the_users_market() {
        let card = RateCard::read(SAMPLE).unwrap();
        assert_eq!(card.rate("LK", Category::Marketing), 73_200);
        assert_eq!(card.rate("IN", Category::Utility), 1_400);
        assert_eq!(card.rate("ZZ", Category::Marketing), 60_400);
        assert_eq!(card.rate("IN", Category::Service), 0);
    }

    #[test]
    fn a_line_that_is_none_is_named() {
        let wrong = RateCard::read("heading\n2026-01-01,USD,India,marketing,cheap\n").err().unwrap();
        assert!(wrong.contains("line 2") && wrong.contains("cheap"), "{wrong}");
    }
}
