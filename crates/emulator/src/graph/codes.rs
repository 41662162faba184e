//! Meta's error codes: title and HTTP status of each code the emulator can answer.

/// One row of Meta's error page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Code {
    /// The number to program against.
    pub code: i64,
    /// HTTP status when it comes as an answer.
    pub status: u16,
    /// The text after `(#code)`.
    pub title: &'static str,
}

const fn code(code: i64, status: u16, title: &'static str) -> Code {
    Code { code, status, title }
}

/// Every code the emulator knows, sorted.
#[rustfmt::skip]
pub const CODES: &[Code] = &[
    code(0, 401, "AuthException"),
    code(1, 400, "API Unknown"),
    code(2, 503, "API Service"),
    code(3, 500, "API Method"),
    code(4, 400, "API Too Many Calls"),
    code(10, 403, "Application does not have permission for this action"),
    code(33, 400, "Parameter value is not valid"),
    code(100, 400, "Invalid parameter"),
    code(190, 401, "Access token has expired"),
    code(200, 403, "You do not have the necessary permissions to access this object"),
    code(368, 403, "Temporarily blocked for policies violations"),
    code(613, 429, "Calls to this api have exceeded the rate limit"),
    code(80007, 400, "Rate limit issues"),
    code(130403, 400, "User is on the block list of this business"),
    code(130429, 400, "Rate limit hit"),
    code(130472, 400, "User's number is part of an experiment"),
    code(130497, 403, "Business account is restricted from messaging users in this country."),
    code(131000, 500, "Something went wrong"),
    code(131005, 403, "Access denied"),
    code(131008, 400, "Required parameter is missing"),
    code(131009, 400, "Parameter value is not valid"),
    code(131016, 500, "Service unavailable"),
    code(131020, 400, "Bad group"),
    code(131021, 400, "Recipient cannot be sender"),
    code(131026, 400, "Message undeliverable"),
    code(131030, 400, "Recipient phone number not in allowed list"),
    code(131031, 403, "Account has been locked"),
    code(131037, 400, "WhatsApp provided number needs display name approval before message can be sent."),
    code(131041, 400, "Group unknown"),
    code(131042, 400, "Business eligibility payment issue"),
    code(131045, 500, "Incorrect certificate"),
    code(131047, 400, "Re-engagement message"),
    code(131048, 400, "Spam rate limit hit"),
    code(131049, 400, "This message was not delivered to maintain healthy ecosystem engagement."),
    code(131050, 400, "Unable to deliver the message. This recipient has chosen to stop receiving marketing messages on WhatsApp from your business"),
    code(131051, 400, "Unsupported message type"),
    code(131052, 400, "Media download error"),
    code(131053, 400, "Media upload error"),
    code(131055, 400, "Method not allowed"),
    code(131056, 400, "(Business Account, Consumer Account) pair rate limit hit"),
    code(131057, 500, "Account in maintenance mode"),
    code(131059, 400, "Invalid pagination cursor"),
    code(131062, 400, "Business-scoped User ID (BSUID) recipients are not supported for this message"),
    code(131063, 400, "Marketing templates are disabled on Cloud API for this account"),
    code(131064, 400, "Messaging limit reached because of template classification violations"),
    code(131201, 206, "Request partially succeeded"),
    code(131202, 400, "Duplicate participant"),
    code(131204, 400, "Participant overlimit"),
    code(131207, 403, "Group suspended"),
    code(131208, 429, "Group rate limit hit"),
    code(131209, 400, "Invalid group profile picture aspect ratio"),
    code(131210, 400, "Image too small to be processed"),
    code(131211, 400, "Group creation limit reached"),
    code(131212, 400, "Participant is not part of the group"),
    code(131213, 400, "Group join request does not exist"),
    code(131214, 400, "Group creation is temporarily disabled"),
    code(131215, 400, "This phone number is not eligible for Groups APIs"),
    code(132000, 400, "Number of parameters does not match the expected number of params"),
    code(132001, 404, "Template name does not exist in the translation"),
    code(132005, 400, "Translated text too long"),
    code(132007, 400, "Template Format Character Policy Violated"),
    code(132008, 400, "Template parameter value is invalid"),
    code(132012, 400, "Parameter format does not match format in the created template"),
    code(132015, 400, "Template is Paused"),
    code(132016, 400, "Template is Disabled"),
    code(132018, 400, "There is an issue with the parameters in your template"),
    code(132068, 400, "Flow is in blocked state"),
    code(132069, 400, "Flow is in throttled state"),
    code(133000, 500, "Incomplete Deregistration"),
    code(133004, 503, "Server Temporarily Unavailable"),
    code(133005, 400, "Two-step verification PIN Mismatch"),
    code(133006, 400, "Phone number needs to be verified before registering"),
    code(133008, 400, "Too Many Two-step verification PIN Guesses"),
    code(133009, 400, "Two-step verification PIN Guessed Too Fast"),
    code(133010, 400, "Phone number Not Registered"),
    code(133015, 400, "Please wait a few minutes before attempting to register this phone number"),
    code(133016, 400, "Account register deregister rate limit exceeded"),
    code(134011, 400, "WhatsApp Business Payments terms of service has not been accepted"),
    code(135000, 400, "Generic user error"),
    code(136024, 400, "Request code error"),
    code(136025, 400, "Verify code error"),
    code(137000, 400, "Recipient identity key hash mismatch"),
    code(138000, 401, "Calling not enabled"),
    code(138001, 400, "Receiver Uncallable"),
    code(138002, 429, "Concurrent Calls Limit"),
    code(138003, 400, "Duplicate call"),
    code(138004, 500, "Connection error"),
    code(138005, 429, "Call rate limit exceeded"),
    code(138006, 401, "No approved call permission found"),
    code(138007, 500, "Connection timeout error"),
    code(138009, 400, "Call permission request limit hit"),
    code(138012, 400, "Business initiated calls limit hit"),
    code(138013, 400, "Business initiated calling is not available"),
    code(138015, 400, "Calling cannot be enabled"),
    code(138017, 400, "Call permission request cannot be sent: permanent permission exists"),
    code(138018, 400, "WhatsApp Business Calling cannot be enabled: technical pre-requisites are not met"),
    code(139000, 400, "Blocked by Integrity"),
    code(139001, 400, "Flow failed to update"),
    code(139002, 400, "Flow failed to publish"),
    code(139003, 400, "Flow failed to deprecate"),
    code(139004, 400, "Flow failed to delete"),
    code(139006, 400, "Metrics threshold is not reached"),
    code(139100, 400, "Failed to block or unblock some users"),
    code(139101, 400, "Block list limit reached"),
    code(200005, 400, "Template insights are not available for this account"),
    code(200006, 400, "Template insights cannot be disabled"),
    code(200007, 400, "Template insights are not enabled for this account"),
    code(2388019, 400, "Message template limit exceeded"),
    code(2388023, 400, "Message template language is being deleted"),
    code(2388024, 400, "Content in this language already exists"),
    code(2388039, 400, "Template format is not valid"),
    code(2388040, 400, "Character limit exceeded"),
    code(2388047, 400, "Message header format is not valid"),
    code(2388072, 400, "Message body format is not valid"),
    code(2388073, 400, "Message footer format is not valid"),
    code(2388293, 400, "Too many variables for the length of the message"),
    code(2388299, 400, "Leading or trailing parameters are not allowed"),
    code(2494164, 400, "Signup not found"),
    code(2494165, 400, "In-App Signup is not available for this account"),
    code(2494166, 400, "Unknown placeholder in the confirmation message"),
    code(2494167, 400, "Promo code missing"),
    code(2494168, 400, "Terms of service not accepted"),
    code(2494176, 400, "Terms of service already accepted"),
    code(2494177, 400, "Terms of service URL not allowed"),
    code(2494179, 400, "Website URL must use https"),
    code(2593107, 400, "Synchronisation request limit exceeded"),
    code(2593108, 400, "Synchronisation request made outside of the allowed time"),
    code(2593109, 400, "The business declined to share its history"),
];

/// The row of `code`; one it does not know reads like 131000.
#[must_use]
pub(crate) fn find(code: i64) -> Code {
    match CODES.binary_search_by_key(&code, |c| c.code) {
        Ok(i) => CODES[i],
        Err(_) => Code { code, status: 500, title: "Something went wrong" },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_sorted_and_each_comes_once() {
        assert!(CODES.is_sorted_by(|a, b| a.code < b.code));
        assert_eq!(find(132001).status, 404);
        assert_eq!(find(999).title, "Something went wrong");
    }
}
