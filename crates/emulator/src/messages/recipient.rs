//! Who a message goes to: the phone number or user id as Meta reads it.

use super::body::{Envelope, Text};
use crate::{
    Inner,
    directory::{Directory, Number},
    graph::{GraphError, Outcome},
    settings::Behaviour,
    users,
};

/// The person meant, and how the answer names them.
#[derive(Debug)]
pub(super) struct Recipient {
    pub(super) user: u64,
    /// As it was written.
    pub(super) input: String,
    /// Written to by user id.
    pub(super) bsuid: bool,
}

/// Meta: `+`, spaces, `-`, `(`, `)` are allowed; without `+` the business's own country code is put
/// in front. A number of eleven digits or more is taken as international all the same, which is
/// what the field sees.
pub(super) fn recipient(
    e: &Inner,
    behaviour: &Behaviour,
    directory: &Directory,
    number: &Number,
    body: &Envelope<'_>,
) -> Outcome<Recipient> {
    let written = |t: &Option<Text<'_>>| t.as_ref().map(|t| t.as_str().to_owned());
    let (to, id) = (written(&body.to), written(&body.recipient));
    person(e, behaviour, directory, number, to.as_deref(), id.as_deref())
}

/// The person of a phone number, or else of a user id, when this number may reach them.
pub(super) fn person(
    e: &Inner,
    behaviour: &Behaviour,
    directory: &Directory,
    number: &Number,
    to: Option<&str>,
    id: Option<&str>,
) -> Outcome<Recipient> {
    let (user, input, bsuid) = match (to, id) {
        (Some(to), _) => (phone(behaviour, number, to)?, to, false),
        (None, Some(id)) => (by_id(e, directory, number, id)?, id, true),
        (None, None) => return Err(GraphError::required("to")),
    };
    if user == number.digits {
        return Err(GraphError::new(131_021).details("The recipient is the number that sends."));
    }
    if !number.test_recipients.is_empty() && !number.test_recipients.contains(&user) {
        return Err(GraphError::new(131_030)
            .details("Recipient phone number not in allowed list: Add recipient phone number to recipient list and try again."));
    }
    if behaviour.rules.block_list && e.blocks.contains(number.id, user) {
        return Err(GraphError::new(130_403).details("This business has blocked the user."));
    }
    if !behaviour.rules.forbidden_countries.is_empty() {
        let country = users::country(&user.to_string()).unwrap_or("ZZ");
        if behaviour.rules.forbidden_countries.iter().any(|c| c.eq_ignore_ascii_case(country)) {
            return Err(GraphError::new(130_497)
                .details(format!("Messages to {country} are restricted for this account.")));
        }
    }
    Ok(Recipient { user, input: input.to_owned(), bsuid })
}

fn phone(behaviour: &Behaviour, number: &Number, text: &str) -> Outcome<u64> {
    let wrong = |why: &str| {
        Err(GraphError::new(131_009).details(format!("The parameter to is no phone number: {why}.")))
    };
    if text.trim().is_empty() {
        return Err(GraphError::required("to"));
    }
    let (plus, rest) = match text.trim().strip_prefix('+') {
        Some(rest) => (true, rest),
        None => (false, text.trim()),
    };
    let mut digits = String::with_capacity(16);
    for c in rest.chars() {
        match c {
            '0'..='9' if digits.len() == 20 => break,
            '0'..='9' => digits.push(c),
            ' ' | '-' | '(' | ')' | '.' | '\u{a0}' => {}
            _ => return wrong("only digits, +, spaces, dashes and brackets are allowed"),
        }
    }
    if !plus && behaviour.rules.country_code_without_plus && digits.len() <= 10 {
        digits.insert_str(0, &number.calling_code);
    }
    if !(7..=15).contains(&digits.len()) || digits.starts_with('0') {
        return wrong("an international number has 7 to 15 digits");
    }
    digits.parse().or_else(|_| wrong("digits are missing"))
}

fn by_id(e: &Inner, directory: &Directory, number: &Number, id: &str) -> Outcome<u64> {
    let portfolio = directory.wabas.get(&number.waba).map_or(0, |w| w.portfolio);
    let user = users::user_of(e.seed, portfolio, id).filter(|(user, generation)| {
        e.users.peek(*user, |r| r.generation).unwrap_or_default() == *generation
    });
    user.map(|(user, _)| user).ok_or_else(|| {
        GraphError::new(131_009).details("The parameter recipient is no user id of this business portfolio.")
    })
}

/// `wa_id` as Meta answers it. Meta: for Brazilian mobiles the ninth digit, for Mexican ones the 1
/// after the country code, may be put in or left out.
pub(super) fn wa_id(behaviour: &Behaviour, user: u64) -> String {
    let digits = user.to_string();
    if !behaviour.rules.rewrite_br_mx {
        return digits;
    }
    if digits.len() == 13 && digits.starts_with("55") && digits.as_bytes().get(4) == Some(&b'9') {
        return format!("{}{}", &digits[..4], &digits[5..]);
    }
    if digits.len() == 12 && digits.starts_with("52") {
        return format!("521{}", &digits[2..]);
    }
    digits
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::NumberSettings;

    fn read(text: &str, phone_of_business: &str) -> Result<u64, i64> {
        let number =
            Number::of(1, &NumberSettings { phone: phone_of_business.into(), ..NumberSettings::default() });
        phone(&Behaviour::default(), &number, text).map_err(|e| e.code)
    }

    #[test]
    fn numbers_are_read_as_meta_reads_them() {
        assert_eq!(read("+94 77-123 (4567)", "+1 555 078 3881"), Ok(94_771_234_567));
        assert_eq!(read("94771234567", "+1 555 078 3881"), Ok(94_771_234_567));
        assert_eq!(read("6315551234", "+91 98765 43210"), Ok(916_315_551_234));
        assert_eq!(read("", "+1 555 078 3881"), Err(100));
        for bad in ["abc", "+1", "+0123456789", "+1234567890123456", "+94a771234567"] {
            assert_eq!(read(bad, "+1 555 078 3881"), Err(131_009), "{bad}");
        }
    }

    #[test]
    fn brazil_and_mexico_are_rewritten_when_asked() {
        let mut b = Behaviour::default();
        assert_eq!(wa_id(&b, 5_511_999_998_888), "5511999998888");
        b.rules.rewrite_br_mx = true;
        assert_eq!(wa_id(&b, 5_511_999_998_888), "551199998888");
        assert_eq!(wa_id(&b, 525_512_345_678), "5215512345678");
    }
}
