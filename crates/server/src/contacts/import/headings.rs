//! What a column holds, guessed from its heading in English, Sinhala, Tamil and Hindi.

use super::options::{FieldForm, Target};

/// A guess, and how sure it is: of two columns for one target the surer one is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Guess {
    pub(super) to: Target,
    pub(super) kind: FieldForm,
    pub(super) sure: u8,
}

const WHATSAPP: &[&str] = &[
    "whatsapp",
    "whatsappno",
    "whatsappnumber",
    "whatsappmobile",
    "wanumber",
    "wano",
    "wa",
    "වට්ස්ඇප්",
    "වට්ස්ඇප්අංකය",
    "வாட்ஸ்அப்",
    "வாட்ஸ்அப்எண்",
    "व्हाट्सएप",
    "व्हाट्सऐप",
    "व्हाट्सएपनंबर",
    "व्हाट्सऐपनंबर",
];
const MOBILE: &[&str] = &[
    "mobile",
    "mobileno",
    "mobilenumber",
    "mobilephone",
    "mobilephonenumber",
    "mob",
    "mobno",
    "cell",
    "cellno",
    "cellphone",
    "cellnumber",
    "handphone",
    "hp",
    "hpno",
    "msisdn",
    "phonemobile",
    "ජංගම",
    "ජංගමදුරකථන",
    "ජංගමදුරකථනය",
    "ජංගමදුරකථනඅංකය",
    "ජංගමඅංකය",
    "கைபேசி",
    "கைபேசிஎண்",
    "கைப்பேசி",
    "கைப்பேசிஎண்",
    "மொபைல்",
    "மொபைல்எண்",
    "அலைபேசி",
    "அலைபேசிஎண்",
    "मोबाइल",
    "मोबाइलनंबर",
    "मोबाइलनं",
    "मोबाइलसंख्या",
    "मोबाईल",
    "मोबाईलनंबर",
];
const PHONE: &[&str] = &[
    "phone",
    "phoneno",
    "phonenumber",
    "phone1",
    "phone1value",
    "telephone",
    "telephoneno",
    "telephonenumber",
    "tel",
    "telno",
    "telnumber",
    "contactno",
    "contactnumber",
    "contactphone",
    "customerphone",
    "phonee164",
    "number",
    "දුරකථන",
    "දුරකථනය",
    "දුරකථනඅංකය",
    "දුරකථනඅංක",
    "දුරකථනනො",
    "දු.ක",
    "தொலைபேசி",
    "தொலைபேசிஎண்",
    "தொலைபேசிஇலக்கம்",
    "தொலைபேசிஇல",
    "फोन",
    "फ़ोन",
    "फोननंबर",
    "फ़ोननंबर",
    "दूरभाष",
    "टेलीफोन",
    "संपर्कनंबर",
];
const NAME: &[&str] = &[
    "name",
    "fullname",
    "customername",
    "clientname",
    "contactname",
    "customer",
    "client",
    "displayname",
    "නම",
    "සම්පූර්ණනම",
    "පාරිභෝගිකනම",
    "பெயர்",
    "முழுப்பெயர்",
    "வாடிக்கையாளர்பெயர்",
    "नाम",
    "पूरानाम",
    "ग्राहककानाम",
];
const FIRST_NAME: &[&str] = &["firstname", "givenname", "forename", "මුල්නම", "முதல்பெயர்", "पहलानाम"];
const LAST_NAME: &[&str] =
    &["lastname", "surname", "familyname", "වාසගම", "கடைசிபெயர்", "குடும்பப்பெயர்", "उपनाम", "अंतिमनाम"];
const EMAIL: &[&str] = &[
    "email",
    "emailaddress",
    "mail",
    "emailid",
    "mailid",
    "email1value",
    "විද්‍යුත්තැපෑල",
    "විද්යුත්තැපෑල",
    "ඊමේල්",
    "மின்னஞ்சல்",
    "ஈமெயில்",
    "ईमेल",
    "ईमेलपता",
];
const LANGUAGE: &[&str] = &["language", "lang", "preferredlanguage", "locale", "භාෂාව", "மொழி", "भाषा"];
const LABELS: &[&str] = &[
    "tags",
    "tag",
    "labels",
    "label",
    "groups",
    "group",
    "segment",
    "segments",
    "list",
    "ලේබල",
    "කණ්ඩායම",
    "குறிச்சொற்கள்",
    "குழு",
    "टैग",
    "समूह",
];
const CONSENT: &[&str] = &[
    "optin",
    "optedin",
    "consent",
    "marketingconsent",
    "marketing",
    "whatsappok",
    "whatsappoptin",
    "whatsappconsent",
    "subscribed",
    "subscriber",
    "acceptsmarketing",
    "acceptsemailmarketing",
    "permission",
    "agreed",
    "agree",
    "කැමැත්ත",
    "එකඟතාව",
    "ஒப்புதல்",
    "சம்மதம்",
    "सहमति",
    "अनुमति",
];
const BIRTHDAY: &[&str] =
    &["birthday", "birthdate", "dateofbirth", "dob", "උපන්දිනය", "பிறந்தநாள்", "பிறந்ததேதி", "जन्मदिन", "जन्मतिथि"];
const TEXT_FIELDS: &[&str] = &[
    "city",
    "town",
    "district",
    "area",
    "province",
    "state",
    "address",
    "country",
    "company",
    "organisation",
    "organization",
    "branch",
    "gender",
    "නගරය",
    "දිස්ත්‍රික්කය",
    "ලිපිනය",
    "நகரம்",
    "மாவட்டம்",
    "முகவரி",
    "शहर",
    "जिला",
    "पता",
];

/// Words in a heading that speak of phones but of something beside the number itself.
const NOT_THE_NUMBER: &[&str] =
    &["type", "label", "model", "brand", "extension", "date", "verified", "ok", "bill", "plan"];

/// Guesses; `None` for a heading that says nothing known.
pub(super) fn guess(heading: &str) -> Option<Guess> {
    let folded = fold(heading);
    let is = |words: &[&str]| words.iter().any(|w| fold(w) == folded);
    let found = |to, sure| Some(Guess { to, kind: FieldForm::Text, sure });
    if is(CONSENT) {
        return found(Target::Consent, 9);
    }
    for (words, to, sure) in [
        (WHATSAPP, Target::Phone, 9),
        (MOBILE, Target::Phone, 8),
        (PHONE, Target::Phone, 7),
        (NAME, Target::Name, 8),
        (FIRST_NAME, Target::FirstName, 8),
        (LAST_NAME, Target::LastName, 8),
        (EMAIL, Target::Email, 8),
        (LANGUAGE, Target::Language, 8),
        (LABELS, Target::Labels, 8),
    ] {
        if is(words) {
            return found(to, sure);
        }
    }
    if is(BIRTHDAY) {
        return Some(Guess { to: Target::Field, kind: FieldForm::Date, sure: 8 });
    }
    if is(TEXT_FIELDS) {
        return found(Target::Field, 8);
    }
    let has = |words: &[&str]| words.iter().any(|w| folded.contains(w));
    if has(&["consent", "optin", "optedin", "subscrib", "whatsappok"]) {
        return found(Target::Consent, 5);
    }
    if !has(NOT_THE_NUMBER) {
        if has(&["whatsapp"]) {
            return found(Target::Phone, 6);
        }
        if has(&["mobile", "cellphone"]) {
            return found(Target::Phone, 5);
        }
        if has(&["phone", "telephone"]) {
            return found(Target::Phone, 4);
        }
        if has(&["email"]) {
            return found(Target::Email, 4);
        }
    }
    None
}

/// Letters and digits in lower case; what parts words and what cannot be seen is dropped.
pub(super) fn fold(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_whitespace() && !c.is_control() && !c.is_ascii_punctuation())
        .filter(|c| !matches!(c, '\u{200B}'..='\u{200F}' | '\u{FEFF}' | '\u{00A0}' | '–' | '—' | '№' | '’'))
        .flat_map(char::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phone_columns_are_known_in_four_languages() {
        for heading in [
            "Mobile No.",
            "Phone",
            "WhatsApp",
            "whatsapp number",
            "PHONE_NUMBER",
            "Tel.",
            "දුරකථන",
            "දුරකථන අංකය",
            "தொலைபேசி",
            "தொலைபேசி எண்",
            "मोबाइल",
            "मोबाइल नंबर",
            "Customer's WhatsApp No",
        ] {
            assert_eq!(guess(heading).map(|g| g.to), Some(Target::Phone), "{heading}");
        }
    }

    #[test]
    fn the_whatsapp_number_is_preferred() {
        assert!(guess("WhatsApp").unwrap().sure > guess("Mobile").unwrap().sure);
        assert!(guess("Mobile").unwrap().sure > guess("Phone").unwrap().sure);
    }

    #[test]
    fn other_columns_are_told_apart() {
        for (heading, to) in [
            ("Full Name", Target::Name),
            ("නම", Target::Name),
            ("E-mail", Target::Email),
            ("Tags", Target::Labels),
            ("WhatsApp OK?", Target::Consent),
            ("City", Target::Field),
            ("Birthday", Target::Field),
            ("भाषा", Target::Language),
        ] {
            assert_eq!(guess(heading).map(|g| g.to), Some(to), "{heading}");
        }
        for heading in ["Notes", "Phone type", "Order total", ""] {
            assert_eq!(guess(heading), None, "{heading}");
        }
        assert_eq!(guess("Birthday").unwrap().kind, FieldForm::Date);
    }
}
