//! Which country a phone number belongs to, by its calling code. Coarse on purpose: the stand-in
//! needs the country for prices, for the US rule and for the prefix of user ids.

/// The ISO country of international digits (no `+`); `None` when no country has that code.
pub(crate) fn country(digits: &str) -> Option<&'static str> {
    if let Some(rest) = digits.strip_prefix('1') {
        return nanp(rest.get(..3)?);
    }
    if digits.starts_with("76") || digits.starts_with("77") {
        return Some("KZ");
    }
    (1..=3).rev().find_map(|n| {
        let code = digits.get(..n)?;
        CODES.binary_search_by(|(c, _)| (*c).cmp(code)).ok().map(|i| CODES[i].1)
    })
}

/// The code of a country as the table has it.
pub(crate) fn country_name(code: &str) -> Option<&'static str> {
    let named =
        ["US", "CA", "KZ"].into_iter().chain(ISLANDS.iter().chain(CODES).map(|(_, country)| *country));
    named.into_iter().find(|country| *country == code)
}

/// The calling code that international digits begin with.
pub(crate) fn calling_code(digits: &str) -> Option<&str> {
    if digits.starts_with('1') || digits.starts_with('7') {
        return digits.get(..1);
    }
    (2..=3).rev().find_map(|n| {
        let code = digits.get(..n)?;
        CODES.binary_search_by(|(c, _)| (*c).cmp(code)).ok().map(|_| code)
    })
}

const ISLANDS: &[(&str, &str)] = &[
    ("242", "BS"),
    ("246", "BB"),
    ("264", "AI"),
    ("268", "AG"),
    ("284", "VG"),
    ("345", "KY"),
    ("441", "BM"),
    ("473", "GD"),
    ("649", "TC"),
    ("658", "JM"),
    ("664", "MS"),
    ("721", "SX"),
    ("758", "LC"),
    ("767", "DM"),
    ("784", "VC"),
    ("809", "DO"),
    ("829", "DO"),
    ("849", "DO"),
    ("868", "TT"),
    ("869", "KN"),
    ("876", "JM"),
];

fn nanp(area: &str) -> Option<&'static str> {
    const CANADA: &[&str] = &[
        "204", "226", "236", "249", "250", "257", "263", "289", "306", "343", "354", "365", "367", "368",
        "382", "387", "403", "416", "418", "428", "431", "437", "438", "450", "460", "468", "474", "506",
        "514", "519", "537", "548", "568", "579", "581", "584", "587", "604", "613", "639", "647", "672",
        "683", "705", "709", "742", "753", "778", "780", "782", "807", "819", "825", "867", "873", "879",
        "902", "905", "942",
    ];
    if !area.bytes().all(|b| b.is_ascii_digit()) || area.starts_with(['0', '1']) {
        return None;
    }
    if CANADA.contains(&area) {
        return Some("CA");
    }
    Some(ISLANDS.iter().find(|(a, _)| *a == area).map_or("US", |(_, c)| c))
}

/// Sorted by code as text, for the binary search.
#[rustfmt::skip]
const CODES: &[(&str, &str)] = &[
    ("20","EG"),("211","SS"),("212","MA"),("213","DZ"),("216","TN"),("218","LY"),("220","GM"),("221","SN"),
    ("222","MR"),("223","ML"),("224","GN"),("225","CI"),("226","BF"),("227","NE"),("228","TG"),("229","BJ"),
    ("230","MU"),("231","LR"),("232","SL"),("233","GH"),("234","NG"),("235","TD"),("236","CF"),("237","CM"),
    ("238","CV"),("239","ST"),("240","GQ"),("241","GA"),("242","CG"),("243","CD"),("244","AO"),("245","GW"),
    ("248","SC"),("249","SD"),("250","RW"),("251","ET"),("252","SO"),("253","DJ"),("254","KE"),("255","TZ"),
    ("256","UG"),("257","BI"),("258","MZ"),("260","ZM"),("261","MG"),("262","RE"),("263","ZW"),("264","NA"),
    ("265","MW"),("266","LS"),("267","BW"),("268","SZ"),("269","KM"),("27","ZA"),("291","ER"),("297","AW"),
    ("298","FO"),("299","GL"),("30","GR"),("31","NL"),("32","BE"),("33","FR"),("34","ES"),("350","GI"),
    ("351","PT"),("352","LU"),("353","IE"),("354","IS"),("355","AL"),("356","MT"),("357","CY"),("358","FI"),
    ("359","BG"),("36","HU"),("370","LT"),("371","LV"),("372","EE"),("373","MD"),("374","AM"),("375","BY"),
    ("376","AD"),("377","MC"),("378","SM"),("380","UA"),("381","RS"),("382","ME"),("383","XK"),("385","HR"),
    ("386","SI"),("387","BA"),("389","MK"),("39","IT"),("40","RO"),("41","CH"),("420","CZ"),("421","SK"),
    ("423","LI"),("43","AT"),("44","GB"),("45","DK"),("46","SE"),("47","NO"),("48","PL"),("49","DE"),
    ("500","FK"),("501","BZ"),("502","GT"),("503","SV"),("504","HN"),("505","NI"),("506","CR"),("507","PA"),
    ("509","HT"),("51","PE"),("52","MX"),("53","CU"),("54","AR"),("55","BR"),("56","CL"),("57","CO"),
    ("58","VE"),("590","GP"),("591","BO"),("592","GY"),("593","EC"),("594","GF"),("595","PY"),("596","MQ"),
    ("597","SR"),("598","UY"),("599","CW"),("60","MY"),("61","AU"),("62","ID"),("63","PH"),("64","NZ"),
    ("65","SG"),("66","TH"),("670","TL"),("672","NF"),("673","BN"),("674","NR"),("675","PG"),("676","TO"),
    ("677","SB"),("678","VU"),("679","FJ"),("680","PW"),("681","WF"),("682","CK"),("685","WS"),("686","KI"),
    ("687","NC"),("688","TV"),("689","PF"),("691","FM"),("692","MH"),("7","RU"),("81","JP"),("82","KR"),
    ("84","VN"),("852","HK"),("853","MO"),("855","KH"),("856","LA"),("86","CN"),("880","BD"),("886","TW"),
    ("90","TR"),("91","IN"),("92","PK"),("93","AF"),("94","LK"),("95","MM"),("960","MV"),("961","LB"),
    ("962","JO"),("963","SY"),("964","IQ"),("965","KW"),("966","SA"),("967","YE"),("968","OM"),("970","PS"),
    ("971","AE"),("972","IL"),("973","BH"),("974","QA"),("975","BT"),("976","MN"),("977","NP"),("98","IR"),
    ("992","TJ"),("993","TM"),("994","AZ"),("995","GE"),("996","KG"),("998","UZ"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_for_its_search() {
        assert!(CODES.is_sorted_by(|a, b| a.0 < b.0));
    }

    #[test]
    fn countries_are_told_by_the_longest_code() {
        for (digits, want) in [
            ("94771234567", Some("LK")),
            ("16505551234", Some("US")),
            ("14165551234", Some("CA")),
            ("18765551234", Some("JM")),
            ("5511999998888", Some("BR")),
            ("77011234567", Some("KZ")),
            ("79161234567", Some("RU")),
            ("2125551234", Some("MA")),
            ("10005551234", None),
            ("99912345678", None),
            ("", None),
        ] {
            assert_eq!(country(digits), want, "{digits}");
        }
        assert_eq!(calling_code("94771234567"), Some("94"));
    }
}
